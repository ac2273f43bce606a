// The proxy’s web API, for cases of the contract.
import { request } from 'node:https';

/** A request to the proxy’s web API, and its answer. */
export function web(
  address: string,
  ca: string,
  method: string,
  path: string,
  body?: object | string,
  type = '',
) {
  return new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
    const headers = type === '' ? {} : { 'content-type': type };
    const call = request(`https://${address}${path}`, { method, headers, ca, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode, body: JSON.parse(text) as unknown }));
    });
    call.on('error', reject);
    call.end(typeof body === 'object' ? JSON.stringify(body) : body);
  });
}
