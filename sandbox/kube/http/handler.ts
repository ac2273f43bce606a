// One request from start to end: who, what, may they, which weather, record. What is answered where all is well is the
// matter of answers.ts.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../src/core/clock.js';
import type { Authenticator, User } from '../auth/authenticate.js';
import { type Attributes, type Rbac, refusal } from '../auth/rbac.js';
import { ApiError, forbidden } from '../errors.js';
import type { Registry } from '../registry.js';
import type { Answers } from './answers.js';
import { mediaType, readBody, sendError } from './body.js';
import { type Call, type CallRecord, featuresOf, featuresOfBody } from './calls.js';
import type { FaultSwitches } from './faults.js';
import { type RequestInfo, type ResourceRequest, requestInfo } from './request-info.js';

export interface HandlerParts {
  readonly clock: Clock;
  readonly registry: Registry;
  readonly authenticator: Authenticator;
  readonly rbac: Rbac;
  /** False: everybody who is known may do everything. */
  readonly enforce: boolean;
  readonly faults: FaultSwitches;
  readonly record: CallRecord;
  readonly answers: Answers;
}

export class Handler {
  constructor(private readonly parts: HandlerParts) {}

  /** Answers a request; never throws. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const info = requestInfo(request.method ?? 'GET', request.url ?? '/');
    let user: User;
    try {
      user = this.parts.authenticator.user(request);
    } catch (error) {
      sendError(response, error);
      return;
    }
    const call = this.record(info, request, user);
    try {
      const weather = this.parts.faults.take(call);
      if (weather.hang) return;
      if (weather.cut) {
        request.socket.destroy();
        return;
      }
      const content = info.method === 'GET' ? nothing : await readBody(request);
      this.recordBody(call, content);
      const { delayMs } = weather;
      if (delayMs) await new Promise<void>((resolve) => this.parts.clock.after(delayMs, resolve));
      if (weather.fail) {
        const {
          status,
          reason = 'InternalError',
          message = `failed on purpose with ${status}`,
          retryAfter,
        } = weather.fail;
        throw new ApiError(status, reason, message, undefined, retryAfter);
      }
      this.authorize(info, user);
      if (weather.cutAfter) response.writeHead = () => response.destroy();
      this.parts.answers.give({
        info,
        request,
        response,
        user,
        call,
        content,
        authorize: (other) => this.authorize(other, user),
      });
      call.status = response.statusCode;
    } catch (error) {
      call.status = sendError(response, error);
    }
  }

  private record(info: RequestInfo, request: IncomingMessage, user: User): Call {
    const { resource } = info;
    const call: Call = {
      verb: resource?.verb ?? info.method.toLowerCase(),
      group: resource?.group ?? '',
      version: resource?.version ?? '',
      resource: resource?.resource ?? info.path,
      subresource: resource?.subresource,
      namespace: resource?.namespace,
      name: resource?.name,
      features: featuresOf(info, mediaType(request), request.headers.accept ?? ''),
      user: user.name,
      userAgent: request.headers['user-agent'] ?? '',
      at: this.parts.clock.now(),
      status: 0,
    };
    if (resource && isWide(this.parts.registry, resource)) call.features.push('all-namespaces');
    this.parts.record.add(call);
    return call;
  }

  private recordBody(call: Call, content: Buffer): void {
    const more = featuresOfBody(call.verb, content);
    if (more.length === 0) return;
    call.features.push(...more);
    this.parts.record.sort(call);
  }

  private authorize({ resource, path, method }: RequestInfo, user: User): void {
    const wanted: Attributes = resource ?? {
      verb: method === 'GET' ? 'get' : method.toLowerCase(),
      group: '',
      resource: '',
      path,
    };
    const known = user.groups.includes('system:authenticated');
    if ((!this.parts.enforce && known) || this.parts.rbac.allows(user, wanted)) return;
    const why = refusal(user, wanted);
    if (!resource) throw new ApiError(403, 'Forbidden', `forbidden: ${why}`, {});
    throw forbidden({ group: resource.group, resource: resource.resource, name: resource.name }, why);
  }
}

const nothing = Buffer.alloc(0);

/** A list or watch of a namespaced type that reaches over all namespaces. */
function isWide(registry: Registry, { verb, group, version, resource, namespace }: ResourceRequest): boolean {
  if ((verb !== 'list' && verb !== 'watch') || namespace !== undefined) return false;
  return registry.find(group, version, resource)?.type.namespaced === true;
}
