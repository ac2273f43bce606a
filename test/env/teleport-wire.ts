// A wire between the operator and Teleport's Auth or proxy: TCP handed on byte by byte (TLS is end to end),
// that can be cut, frozen or refused.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TeleportWire {
  readonly address: string;
  /** `open` hands on, `frozen` accepts and keeps silent in both directions, `refused` closes at once. */
  state: 'open' | 'frozen' | 'refused';
  /** Resets every open connection once. */
  cut(): void;
  stop(): Promise<void>;
}

/** @param target host:port */
export async function startTeleportWire(target: string): Promise<TeleportWire> {
  const [host = '', port = ''] = target.split(':');
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    track(near);
    if (wire.state === 'refused') {
      near.destroy();
      return;
    }
    const far = connect(Number(port), host);
    track(far);
    near.on('data', (chunk) => wire.state === 'frozen' || far.write(chunk));
    far.on('data', (chunk) => wire.state === 'frozen' || near.write(chunk));
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const wire: TeleportWire = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    state: 'open',
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return wire;
}
