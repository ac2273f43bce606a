// JoinService as gRPC: on Auth and, for clients without a certificate, on the proxy.
import { JoinService } from '../../../src/gen/teleport/client/joinservice_pb.js';
import { challengeJoins } from '../join/streams.js';
import { callerOf, type Service } from './service.js';

export const joinService: Service = (router, { joining }) => {
  router.service(JoinService, {
    registerUsingToken: (request, handler) => joining.register(callerOf(handler), request),
    ...challengeJoins(joining),
  });
};
