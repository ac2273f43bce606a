// The proxy's gRPC tunnel to Auth: bytes in frames (joining.md 2.5 B).
import { connect } from 'node:net';
import { TransportService } from '../../../src/gen/teleport/transport/v1/transport_service_pb.js';
import { badParameter, notFound, wrapped } from '../refusal.js';
import type { Service } from './service.js';

/** @param authPort Auth's port on this machine */
export function transportService(clusterName: string, authPort: () => number): Service {
  return (router) => {
    router.service(TransportService, {
      async *proxyCluster(requests) {
        const incoming = requests[Symbol.asyncIterator]();
        const first = await incoming.next();
        if (first.done || first.value.cluster === '') throw badParameter('cluster name is required');
        const { cluster, frame } = first.value;
        if (cluster !== clusterName)
          throw wrapped(`failed dialing cluster "${cluster}"`, notFound(`cluster "${cluster}" is not found`));
        const socket = connect({ host: '127.0.0.1', port: authPort(), noDelay: true });
        try {
          if (frame) socket.write(frame.payload);
          void (async () => {
            for (;;) {
              const next = await incoming.next();
              if (next.done) break;
              if (next.value.frame) socket.write(next.value.frame.payload);
            }
            socket.end();
          })().catch(() => socket.destroy());
          for await (const payload of socket) yield { frame: { payload: payload as Buffer } };
        } finally {
          socket.destroy();
        }
      },
    });
  };
}
