// The joins in which Auth asks first: IAM and Azure send a challenge at once, bound_keypair after the client's first
// message (joining.md 3.3).
import { randomBytes } from 'node:crypto';
import type { ServiceImpl } from '@connectrpc/connect';
import type { JoinService } from '../../../src/gen/teleport/client/joinservice_pb.js';
import { badParameter } from '../refusal.js';
import { callerOf } from '../services/service.js';
import { boundKeypairJoin } from './bound-keypair.js';
import type { Joining } from './join.js';

type Streams = Pick<
  ServiceImpl<typeof JoinService>,
  'registerUsingIAMMethod' | 'registerUsingAzureMethod' | 'registerUsingBoundKeypairMethod'
>;

export function challengeJoins(joining: Joining): Streams {
  return {
    async *registerUsingIAMMethod(requests, context) {
      const challenge = randomBytes(32).toString('base64').replaceAll('=', '');
      yield { challenge };
      const { registerUsingTokenRequest: request, stsIdentityRequest } = await next(requests);
      if (!request) throw badParameter('missing parameter RegisterUsingTokenRequest');
      const proof = { form: 'iam', challenge, stsIdentityRequest } as const;
      yield { certs: await joining.register(callerOf(context), request, proof) };
    },
    async *registerUsingAzureMethod(requests, context) {
      const challenge = randomBytes(24).toString('base64url');
      yield { challenge };
      const { registerUsingTokenRequest: request, attestedData, accessToken } = await next(requests);
      if (!request) throw badParameter('missing parameter RegisterUsingTokenRequest');
      const proof = { form: 'azure', challenge, attestedData, accessToken } as const;
      yield { certs: await joining.register(callerOf(context), request, proof) };
    },
    registerUsingBoundKeypairMethod: (requests, context) =>
      boundKeypairJoin(joining, callerOf(context), requests),
  };
}

async function next<T>(requests: AsyncIterable<T>): Promise<T> {
  for await (const request of requests) return request;
  throw badParameter('the client ended the stream without a request');
}
