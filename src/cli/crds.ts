// The `crds` command: the CustomResourceDefinitions of all kinds as YAML, for `kubectl apply -f -`. They are
// made by `npm run gen`; nothing is computed here.
//
// Import this file with `await import()` where the command runs: Node 20 warns on stderr about JSON modules.
import { stringify } from 'yaml';
import crds from '../gen/crds.json' with { type: 'json' };

export { crds };

/** One YAML document per kind. */
export function printCrds(): string {
  return crds.map((crd) => `---\n${stringify(crd, { lineWidth: 0 })}`).join('');
}
