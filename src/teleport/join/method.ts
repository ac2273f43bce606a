// The contract of a join method: how the operator proves to Teleport where it runs. Two forms cover all of them:
// a proof that is ready beforehand (a token's name, a JWT) and a conversation in which Auth asks first. How the
// request travels is join.ts's business.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { Certs } from '../../gen/teleport/client/certs_pb.js';
import type { RegisterUsingTokenRequestSchema } from '../../gen/teleport/types/common_pb.js';
import type { TeleportClient } from '../client.js';

/** What methods read from the settings and from the world. */
export interface JoinContext {
  readonly env: NodeJS.ProcessEnv;
  readonly kubernetesTokenPath?: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  readonly settings?: MethodSettings;
  /** Where bound_keypair keeps what must outlive the process; absent when nobody offers a place. */
  readonly store?: StateStore;
  readonly log?: Logger;
}

/** Settings that one method alone reads. */
export interface MethodSettings {
  /** azure: which of several managed identities. */
  readonly azureClientId?: string;
  /** gitlab: the variable that holds the ID token. */
  readonly gitlabIdTokenVariable?: string;
  /** terraform_cloud: the tag at the end of the variable's name. */
  readonly terraformCloudAudienceTag?: string;
}

/** A few texts, kept beyond the life of the process. May hold secrets. */
export interface StateStore {
  /** Where it is, for people: `the Secret ns/name`. */
  readonly place: string;
  /** @throws TeleportError that names the place. */
  load(signal?: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** Sets these texts and keeps the others. @throws TeleportError that names the place. */
  save(values: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<void>;
}

/** The request that every method sends, filled but for the proof. */
export type JoinRequest = MessageInitShape<typeof RegisterUsingTokenRequestSchema>;

interface MethodFacts {
  /** As `-join-method` and the token's `join_method` spell it. */
  readonly name: string;
  /** False when the proof is spent by the first join, so that a restarted process cannot join again. */
  readonly repeatable: boolean;
}

/** One request, one answer; works at Auth, and at a proxy over HTTP and gRPC. */
export interface ProofMethod extends MethodFacts {
  readonly form: 'proof';
  /**
   * The JWT for this join, fetched anew each time; undefined when the token's name is proof enough.
   * @throws TeleportError (BadParameter) that names the variable, file or endpoint and the remedy.
   */
  idToken(context: JoinContext): Promise<string | undefined>;
}

/** A stream in which Auth sends a challenge; works over gRPC only. */
export interface ChallengeMethod extends MethodFacts {
  readonly form: 'challenge';
  /** Holds the conversation and returns the certificates. Each lasts a minute at most (joining.md 3.3). */
  register(client: TeleportClient, request: JoinRequest, context: JoinContext): Promise<Certs>;
}

export type JoinMethod = ProofMethod | ChallengeMethod;
