// The join token RPCs of AuthService.
import { create } from '@bufbuild/protobuf';
import { EmptySchema } from '@bufbuild/protobuf/wkt';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import type { ProvisionTokenV2 } from '../../../src/gen/teleport/types/provision_token_pb.js';
import { tokenDefaults } from '../../../src/kinds/provision-token-defaults.js';
import { callerName } from '../access/caller.js';
import { badParameter, notFound } from '../refusal.js';
import { nameOf } from '../state/head.js';
import { tokens } from '../state/kinds.js';
import { callerOf, checkMetadata, type Service } from './service.js';
import { checkToken } from './token-checks.js';

/** Makes a token what the server stores. @throws BadParameter */
export function prepareToken(token: ProvisionTokenV2): void {
  token.Kind = 'token';
  token.Version = 'v2';
  checkMetadata(token.Metadata);
  tokenDefaults(token);
  checkToken(token);
}

export const tokenService: Service = (router, { access }) => {
  const { store, reads, audit } = access.state;

  router.service(AuthService, {
    getToken: (request, handler) => {
      access.check(callerOf(handler), 'token', 'read');
      if (request.Name === '') throw badParameter('missing parameter token');
      const token = reads.get(tokens, request.Name);
      if (!token) throw notFound(`"token" "${request.Name}" does not exist`);
      return token;
    },
    getTokens: (_request, handler) => {
      access.check(callerOf(handler), 'token', 'list', 'read');
      // past the cache, unlike GetToken
      return { ProvisionTokens: store.list(tokens) };
    },
    createTokenV2: (request, handler) => {
      const caller = callerOf(handler);
      const token = given(request.Token);
      access.check(caller, 'token', 'create');
      prepareToken(token);
      store.create(tokens, token);
      audit.add('join_token.create', 'token', nameOf(token), callerName(caller));
      return create(EmptySchema);
    },
    upsertTokenV2: (request, handler) => {
      const caller = callerOf(handler);
      const token = given(request.Token);
      access.check(caller, 'token', 'create', 'update');
      prepareToken(token);
      store.put(tokens, token);
      audit.add('join_token.create', 'token', nameOf(token), callerName(caller));
      return create(EmptySchema);
    },
    deleteToken: (request, handler) => {
      const caller = callerOf(handler);
      access.check(caller, 'token', 'delete');
      if (request.Name === '') throw badParameter('missing parameter token');
      if (!store.delete(tokens, request.Name)) {
        throw notFound(`provisioning token(${masked(request.Name)}) not found`);
      }
      audit.add('join_token.delete', 'token', request.Name, callerName(caller));
      return create(EmptySchema);
    },
  });
};

/** A token write without its token is answered properly, unlike other kinds' (observed.md A.2). */
function given(
  token: { case: 'V2'; value: ProvisionTokenV2 } | { case: undefined; value?: undefined },
): ProvisionTokenV2 {
  if (token.case !== 'V2') throw badParameter('token not provided in request');
  return token.value;
}

/** Three quarters of a name are hidden in messages. */
function masked(name: string): string {
  const hidden = Math.floor(name.length * 0.75);
  return '*'.repeat(hidden) + name.slice(hidden);
}
