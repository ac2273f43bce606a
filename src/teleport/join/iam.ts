// Join method `iam`: a signed request to AWS STS ("who am I?") that Auth sends in our place. Nothing goes to AWS from
// here but what the credential chain itself needs. AWS's libraries are loaded only when this method joins.
import { createHash, createHmac } from 'node:crypto';
import { JoinService } from '../../gen/teleport/client/joinservice_pb.js';
import { TeleportError } from '../errors.js';
import { converse } from './conversation.js';
import { askEndpoint } from './endpoint.js';
import type { ChallengeMethod, JoinContext } from './method.js';

/** As AWS's libraries give them. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

type SourceData = string | ArrayBuffer | ArrayBufferView;

const body = 'Action=GetCallerIdentity&Version=2011-06-15';

export const iam: ChallengeMethod = {
  name: 'iam',
  form: 'challenge',
  repeatable: true,
  register: (client, request, context) =>
    converse(
      client,
      JoinService.method.registerUsingIAMMethod,
      async ({ send, next }) => {
        const { challenge } = await next();
        const region = await findRegion(context);
        const credentials = await findCredentials();
        const stsIdentityRequest = await signIdentityRequest(
          challenge,
          region,
          credentials,
          context.clock.now(),
        );
        send({ registerUsingTokenRequest: request, stsIdentityRequest });
        const { certs } = await next();
        if (certs === undefined) throw new TeleportError('AccessDenied', 'Teleport sent no certificates');
        return certs;
      },
      context.signal,
    ),
};

/**
 * The request to STS as it would go over the wire, signed with the challenge among the signed headers.
 * @param now milliseconds since the epoch; AWS refuses signatures that are off by more than 15 minutes.
 */
export async function signIdentityRequest(
  challenge: string,
  region: string,
  credentials: AwsCredentials,
  now: number,
): Promise<Uint8Array> {
  const { SignatureV4 } = await import('@smithy/signature-v4');
  const host = stsHost(region);
  const signer = new SignatureV4({
    service: 'sts',
    region,
    credentials,
    sha256: Sha256,
  });
  const signed = await signer.sign(
    {
      method: 'POST',
      protocol: 'https:',
      hostname: host,
      path: '/',
      query: {},
      headers: {
        host,
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(body.length),
        'x-teleport-challenge': challenge,
      },
      body,
    },
    { signingDate: new Date(now) },
  );
  const lines = Object.entries(signed.headers).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from(`POST / HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}

/** STS of the region; China has a domain of its own. */
function stsHost(region: string): string {
  return `sts.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

/**
 * AWS_REGION or AWS_DEFAULT_REGION, else the machine's own region, else us-east-1, whose STS knows every account.
 * @throws TeleportError (BadParameter) when the variable holds no region.
 */
async function findRegion(context: JoinContext): Promise<string> {
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION']) {
    const region = context.env[name]?.trim();
    if (!region) continue;
    if (/^[a-z]{2}(?:-[a-z]+)+-\d$/.test(region)) return region;
    throw new TeleportError(
      'BadParameter',
      `join method iam: ${name} "${region}" is no AWS region; give one such as eu-central-1`,
    );
  }
  if (context.env.AWS_EC2_METADATA_DISABLED?.toLowerCase() === 'true') return 'us-east-1';
  return machineRegion(context).catch(() => 'us-east-1');
}

/** By the instance metadata service, version 2. */
async function machineRegion(context: JoinContext): Promise<string> {
  const base = context.env.AWS_EC2_METADATA_SERVICE_ENDPOINT || 'http://169.254.169.254';
  const call = {
    subject: 'join method iam: the metadata service',
    remedy: 'set AWS_REGION',
    timeoutMs: 2000,
  };
  const token = await fetchSessionToken(base, context);
  const url = new URL('/latest/meta-data/placement/region', base);
  const headers = { 'X-aws-ec2-metadata-token': token };
  return (await askEndpoint({ ...call, method: 'GET', url, headers }, context)).trim();
}

function fetchSessionToken(base: string, context: JoinContext): Promise<string> {
  return askEndpoint(
    {
      method: 'PUT',
      url: new URL('/latest/api/token', base),
      headers: { 'X-aws-ec2-metadata-token-ttl-seconds': '60' },
      subject: 'join method iam: the metadata service',
      remedy: 'set AWS_REGION',
      timeoutMs: 2000,
    },
    context,
  );
}

/** AWS's usual chain; it reads the process's own environment and files. */
async function findCredentials(): Promise<AwsCredentials> {
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  try {
    return await defaultProvider({ timeout: 2000, maxRetries: 1 })();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TeleportError(
      'BadParameter',
      `join method iam: no AWS credentials found (${why}); give the service account a role (IRSA: AWS_ROLE_ARN and ` +
        'AWS_WEB_IDENTITY_TOKEN_FILE, or Pod Identity: AWS_CONTAINER_CREDENTIALS_FULL_URI), set AWS_ACCESS_KEY_ID and ' +
        'AWS_SECRET_ACCESS_KEY, or run on an instance with an instance profile',
      { cause },
    );
  }
}

/** Node's SHA-256 in the shape that the signer takes. */
class Sha256 {
  #state;
  readonly #key: SourceData | undefined;

  constructor(key?: SourceData) {
    this.#key = key;
    this.#state = this.#start();
  }

  update(chunk: SourceData): void {
    this.#state.update(bytesOf(chunk));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#state.digest());
  }

  reset(): void {
    this.#state = this.#start();
  }

  #start() {
    return this.#key === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(this.#key));
  }
}

function bytesOf(data: SourceData): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
