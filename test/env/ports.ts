// Loopback ports: free ones for servers that cannot choose themselves, and whether somebody listens. Between
// the choice and the server's bind another process may take the port; the launchers fail then, and loudly.
import { connect, createServer, type Server } from 'node:net';

/** `count` different TCP ports that nothing on 127.0.0.1 listens on at the moment. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen()));
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
    return address.port;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Whether connections to all these ports are accepted. */
export async function listening(...ports: readonly number[]): Promise<boolean> {
  const answers = await Promise.all(ports.map((port) => accepts(port)));
  return answers.every(Boolean);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function listen(): Promise<Server> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
