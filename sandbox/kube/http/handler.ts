// One request from start to end: who, what, may they, which weather, answer, record.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../src/core/clock.js';
import type { Authenticator, User } from '../auth/authenticate.js';
import { answerReview, type QuestionContext, requestToken } from '../auth/questions.js';
import { type Attributes, type Rbac, refusal } from '../auth/rbac.js';
import { ApiError, badRequest, forbidden, invalid, methodNotAllowed, noSuchResource } from '../errors.js';
import { isObject, type JsonObject, objectOr } from '../json.js';
import type { Registry } from '../registry.js';
import type { Entry, Store } from '../store.js';
import type { Deleter } from '../write/deleter.js';
import type { Target, WriteOptions } from '../write/request.js';
import type { Writer } from '../write/writer.js';
import { mediaType, parseBody, readBody, send, sendError, warningHeaders } from './body.js';
import { type Call, type CallRecord, featuresOf, featuresOfBody } from './calls.js';
import type { FaultSwitches } from './faults.js';
import { formOf, type Lists, selection } from './lists.js';
import { answerPlain, type PlainContext } from './plain.js';
import { type RequestInfo, type ResourceRequest, requestInfo } from './request-info.js';
import type { Watches } from './watches.js';
import { writeOptions } from './write-options.js';

export interface HandlerParts {
  readonly clock: Clock;
  readonly store: Store;
  readonly registry: Registry;
  readonly writer: Writer;
  readonly deleter: Deleter;
  readonly lists: Lists;
  readonly watches: Watches;
  readonly authenticator: Authenticator;
  readonly rbac: Rbac;
  /** False: everybody who is known may do everything. */
  readonly enforce: boolean;
  readonly faults: FaultSwitches;
  readonly record: CallRecord;
  readonly plain: PlainContext;
  readonly questions: QuestionContext;
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
      await this.answer(info, request, response, user, call, content);
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

  private async answer(
    info: RequestInfo,
    request: IncomingMessage,
    response: ServerResponse,
    user: User,
    call: Call,
    content: Buffer,
  ): Promise<void> {
    const { resource, query } = info;
    const accept = request.headers.accept ?? '';
    if (!resource) {
      const answer = answerPlain(info.path, accept, this.parts.plain);
      const lost = { 'Content-Type': 'text/plain; charset=utf-8' };
      if (!answer) send(response, 404, '404 page not found\n', lost);
      else
        send(
          response,
          200,
          answer.body,
          answer.contentType ? { 'Content-Type': answer.contentType, Vary: 'Accept' } : {},
        );
      return;
    }
    const found = this.parts.registry.find(resource.group, resource.version, resource.resource);
    if (!found) {
      const served = this.parts.registry
        .groups()
        .some(
          (group) =>
            group.group === resource.group && group.versions.some((one) => one.name === resource.version),
        );
      if (served && resource.group === '') throw noSuchResource();
      send(response, 404, '404 page not found\n', { 'Content-Type': 'text/plain; charset=utf-8' });
      return;
    }
    const { type, version } = found;
    const namespace = type.namespaced ? resource.namespace : undefined;
    const target: Target = {
      type,
      version,
      namespace,
      name: resource.name ?? '',
      subresource: resource.subresource,
    };
    const body = (): unknown => parseBody(content, mediaType(request));
    const form = formOf(accept);

    if (resource.subresource === 'token' && type.key === 'serviceaccounts' && resource.verb === 'create') {
      const made = requestToken(namespace ?? '', target.name, this.objectOf(body()), this.parts.questions);
      send(response, 201, JSON.stringify(made));
      return;
    }
    this.checkSubresource(target);
    if (!type.verbs.includes(resource.verb)) throw methodNotAllowed();
    if (type.verbs.length === 1) {
      send(
        response,
        201,
        JSON.stringify(answerReview(type.kind, this.objectOf(body()), user, this.parts.questions)),
      );
      return;
    }
    const options = writeOptions(query, request);
    const reply = (entry: Entry, status: number): void =>
      send(
        response,
        status,
        this.parts.lists.one(entry, version, query, form),
        warningHeaders(options.warnings),
      );
    switch (resource.verb) {
      case 'get':
        send(response, 200, this.parts.lists.get(target, target.name, query, form));
        return;
      case 'list':
        send(response, 200, this.parts.lists.list(target, query, form));
        return;
      case 'watch':
        this.parts.watches.open({ type, version, namespace, query, form, call }, response);
        return;
      case 'create': {
        if (type.namespaced && !namespace)
          throw badRequest('an empty namespace may not be set during creation');
        reply(this.parts.writer.create(target, body(), options).entry, 201);
        return;
      }
      case 'update': {
        const { entry, created } = this.parts.writer.update(target, body(), options);
        reply(entry, created ? 201 : 200);
        return;
      }
      case 'patch': {
        this.checkPatchOptions(query, mediaType(request));
        const mayCreate = () => this.authorize({ ...info, resource: { ...resource, verb: 'create' } }, user);
        const how = { ...options, mayCreate };
        const { entry, created } = this.parts.writer.patch(target, mediaType(request), body(), how);
        reply(entry, created ? 201 : 200);
        return;
      }
      case 'delete':
        this.delete(target, content.length === 0 ? {} : body(), options, response);
        return;
      default:
        this.deleteCollection(target, query, content.length === 0 ? {} : body(), options, response);
    }
  }

  private delete(target: Target, body: unknown, options: WriteOptions, response: ServerResponse): void {
    const dryRun = options.dryRun || Array.isArray(objectOr(body).dryRun);
    const { remaining, gone } = this.parts.deleter.delete(target, body, dryRun);
    if (remaining) {
      send(response, 200, remaining.text(target.version.name));
      return;
    }
    const { type, name } = target;
    const details = {
      name,
      ...(type.group && { group: type.group }),
      kind: type.plural,
      uid: gone.object.metadata.uid,
    };
    send(
      response,
      200,
      JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details }),
    );
  }

  private deleteCollection(
    target: Target,
    query: URLSearchParams,
    body: unknown,
    options: WriteOptions,
    response: ServerResponse,
  ): void {
    const wanted = selection(query, target.type);
    const text = this.parts.lists.list(target, query, 'object');
    for (const { object } of this.parts.store.list(target.type, target.namespace)) {
      if (wanted && !wanted(object)) continue;
      const { name, namespace } = object.metadata;
      this.parts.deleter.delete({ ...target, name, namespace }, body, options.dryRun);
    }
    send(response, 200, text);
  }

  private checkSubresource({ type, version, subresource }: Target): void {
    if (subresource === undefined || (subresource === 'status' && version.status)) return;
    throw type.builtin
      ? noSuchResource()
      : new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
  }

  private checkPatchOptions(query: URLSearchParams, type: string): void {
    if (type !== 'application/apply-patch+yaml' || query.get('fieldManager')) return;
    throw invalid({ group: 'meta.k8s.io', resource: 'PatchOptions' }, [
      {
        reason: 'FieldValueRequired',
        field: 'fieldManager',
        message: 'Required value: is required for apply patch',
      },
    ]);
  }

  private objectOf(body: unknown): JsonObject {
    if (!isObject(body)) throw badRequest('the body is no object');
    return body;
  }
}

const nothing = Buffer.alloc(0);

/** A list or watch of a namespaced type that reaches over all namespaces. */
function isWide(registry: Registry, { verb, group, version, resource, namespace }: ResourceRequest): boolean {
  if ((verb !== 'list' && verb !== 'watch') || namespace !== undefined) return false;
  return registry.find(group, version, resource)?.type.namespaced === true;
}
