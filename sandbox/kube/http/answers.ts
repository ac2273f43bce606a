// What a request that may be made is answered: for paths that are no resources (plain.ts), questions about rights, and
// each verb on a resource. Who asks, and whether they may, is the matter of handler.ts.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { User } from '../auth/authenticate.js';
import { answerReview, type QuestionContext, requestToken } from '../auth/questions.js';
import { ApiError, badRequest, invalid, methodNotAllowed, noSuchResource } from '../errors.js';
import { isObject, type JsonObject, objectOr } from '../json.js';
import type { Registry } from '../registry.js';
import type { Entry, Store } from '../store.js';
import type { Deleter } from '../write/deleter.js';
import type { Target, WriteOptions } from '../write/request.js';
import type { Writer } from '../write/writer.js';
import { mediaType, parseBody, send, warningHeaders } from './body.js';
import type { Call } from './calls.js';
import { formOf, type Lists, selection } from './lists.js';
import { answerPlain, type PlainContext } from './plain.js';
import type { RequestInfo } from './request-info.js';
import type { Watches } from './watches.js';
import { writeOptions } from './write-options.js';

export interface AnswerParts {
  readonly store: Store;
  readonly registry: Registry;
  readonly writer: Writer;
  readonly deleter: Deleter;
  readonly lists: Lists;
  readonly watches: Watches;
  readonly plain: PlainContext;
  readonly questions: QuestionContext;
}

export interface Asked {
  readonly info: RequestInfo;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly user: User;
  readonly call: Call;
  /** The body as it came. */
  readonly content: Buffer;
  /** Whether the same user may do something else as well. @throws ApiError where not */
  readonly authorize: (other: RequestInfo) => void;
}

export class Answers {
  constructor(private readonly parts: AnswerParts) {}

  /** Answers, now or as a stream. @throws ApiError */
  give({ info, request, response, user, call, content, authorize }: Asked): void {
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
        const mayCreate = () => authorize({ ...info, resource: { ...resource, verb: 'create' } });
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
