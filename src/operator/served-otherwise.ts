// A CRD that is there and does not serve the version that the operator reads, in words. Pure.
import { type AnyKind, storageVersion } from '../kinds/kind.js';

/** Brings the CRDs of this operator. */
export const installCrdsCommand = 'teleport-operator crds | kubectl apply --server-side -f -';

/** @param served the versions that there are */
export const servedOtherwise = (kind: AnyKind, served: readonly string[]): string =>
  `its CRD serves ${served.join(', ')}, and this operator reads ${storageVersion(kind)}; its objects, and what may be theirs in Teleport, are left alone`;

/** What to do then. */
export const servedOtherwiseRemedy = (served: readonly string[]): string =>
  `install this operator's CRDs (${installCrdsCommand}), or run an operator that reads ${served.join(' or ')}`;
