// The RPCs of a kind that is stored as it is sent: get, list, create, update, upsert and delete, made from a
// declaration. Where the resource stands in a request or a reply is found by its type; what a method does, by
// the first word of its name. What the server checks of a kind stands in its declaration (served.ts).
import {
  create,
  type DescMessage,
  type DescMethodUnary,
  type DescService,
  type Message,
} from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import type { RoleV6 } from '../../../src/gen/teleport/types/role_pb.js';
import { kinds } from '../../../src/kinds/index.js';
import type { Verb } from '../access/access.js';
import { type Caller, callerName } from '../access/caller.js';
import { accessDenied, alreadyExists, badParameter, notFound } from '../refusal.js';
import { fillAlways } from '../state/always.js';
import { nameOf, setNamespace } from '../state/head.js';
import type { StoredKind } from '../state/kinds.js';
import { copyOf } from '../state/shelf.js';
import type { Store } from '../state/store.js';
import { callerOf, type Service, type ServiceContext } from './service.js';

type Text = (name: string) => string;

export interface Served {
  readonly stored: StoredKind;
  readonly methods: readonly DescMethodUnary[];
  /** A kind in rules that stands for this one too; what is missing is told of it. */
  readonly rule?: string;
  /** Verb that reading needs; `read` if not said. */
  readonly reading?: Verb;
  /** Verbs of an upsert, in the order in which missing ones are told. */
  readonly upserting?: readonly Verb[];
  /** The name that the one resource of the kind has. */
  readonly singleton?: string;
  readonly missing: { readonly get: Text; readonly delete?: Text; readonly update?: Text };
  /** BadParameter for reading or deleting without a name; NotFound where not said. */
  readonly unnamed?: { readonly get: string; readonly delete?: string };
  /** AlreadyExists. */
  readonly exists: Text;
  /** Whether an update needs the stored revision. */
  readonly conditional: boolean;
  /** BadParameter for a write without its resource; a real Auth dies of it if not said. */
  readonly absent?: string;
  /** AccessDenied on a server without a licence, told before or after what permissions say. */
  readonly licence?: { readonly text: string; readonly of: 'writes' | 'everything'; readonly first: boolean };
  /** Of several missing verbs the first is told alone. */
  readonly oneByOne?: boolean;
  /** Checks what is written, and changes it as the server does. @throws BadParameter */
  readonly check?: (resource: never, write: Write) => void;
  /** Whether a holder of these roles sees the resource: others are told that there is none. */
  readonly visible?: (resource: never, roles: readonly RoleV6[]) => boolean;
  /** Whether a holder of these roles has anything to do with the resource: others are refused, and lists leave it out. */
  readonly reached?: (resource: never, roles: readonly RoleV6[]) => boolean;
  /** Takes out what is not shown to readers. */
  readonly blank?: (resource: never) => void;
}

/** What a check may want to know beside the resource. */
export interface Write {
  /** What stood there before. */
  readonly before: Message | undefined;
  readonly action: 'Create' | 'Update' | 'Upsert';
  readonly store: Store;
}

/** Registers a kind's RPCs. */
export function resourceService(served: Served): Service {
  return (router, context) => {
    const byService = new Map<DescService, Record<string, Handler>>();
    for (const method of served.methods) {
      const handlers = byService.get(method.parent) ?? {};
      handlers[method.localName] = handlerOf(served, method, context);
      byService.set(method.parent, handlers);
    }
    for (const [service, handlers] of byService)
      router.service(service, handlers as unknown as Partial<ServiceImpl<DescService>>);
  };
}

type Handler = (request: Message, handler: HandlerContext) => Message;

function handlerOf(served: Served, method: DescMethodUnary, context: ServiceContext): Handler {
  const action = /^(Get|List|Create|Update|Upsert|Delete)/.exec(method.name)?.[1];
  const { access } = context;
  const { store, reads, audit } = access.state;
  const { stored } = served;
  const rule = served.rule ?? stored.kind;
  const reply = (resource: Message): Message =>
    method.output.typeName === stored.schema.typeName
      ? resource
      : wrappedIn(method.output, stored.schema, resource);
  const shown = (resource: Message): Message => {
    served.blank?.(resource as never);
    return resource;
  };

  const unlicensed = (of: 'writes' | 'everything'): string | undefined =>
    served.licence && !context.enterprise && (of === 'writes' || served.licence.of === of)
      ? served.licence.text
      : undefined;
  const permit = (of: 'writes' | 'everything', caller: Caller, ...verbs: readonly Verb[]): void => {
    const text = unlicensed(of);
    if (text !== undefined && served.licence?.first) throw accessDenied(text);
    const left = verbs.filter((verb) => !access.may(caller, stored.kind, verb));
    if (served.oneByOne) for (const verb of left) access.check(caller, rule, verb);
    else access.check(caller, rule, ...left);
    if (text !== undefined) throw accessDenied(text);
  };

  const reaches = (caller: Caller, resource: Message): boolean =>
    served.reached?.(resource as never, access.rolesOf(caller)) !== false;
  const reach = (caller: Caller, resource: Message | undefined): void => {
    if (resource && !reaches(caller, resource))
      throw accessDenied(`access to ${stored.kind} denied. User does not have permissions. `);
  };

  const answersAll = method.output.fields.some(
    (field) => field.fieldKind === 'list' && field.message?.typeName === stored.schema.typeName,
  );
  if (action === 'Get' && !answersAll) {
    return (request, handler) => {
      const withSecrets = (request as { WithSecrets?: boolean }).WithSecrets === true;
      permit('everything', callerOf(handler), withSecrets ? 'read' : (served.reading ?? 'read'));
      const name = nameIn(served, request, served.unnamed?.get);
      const found = reads.get(stored, name);
      if (!found) throw notFound(served.missing.get(name));
      if (served.visible?.(found as never, access.rolesOf(callerOf(handler))) === false)
        throw notFound('not found');
      reach(callerOf(handler), found);
      return reply(withSecrets ? found : shown(found));
    };
  }
  if (answersAll) {
    return (_request, handler) => {
      const caller = callerOf(handler);
      permit('everything', caller, 'list', served.reading ?? 'read');
      const all = reads.list(stored).filter((each) => reaches(caller, each));
      return listIn(method.output, stored.schema, all.map(shown));
    };
  }
  if (action === 'Delete') {
    return (request, handler) => {
      const caller = callerOf(handler);
      permit('everything', caller, 'delete');
      const name = nameIn(served, request, served.unnamed?.delete);
      reach(caller, store.get(stored, name));
      if (!store.delete(stored, name)) throw notFound((served.missing.delete ?? served.missing.get)(name));
      audit.add(`${stored.kind}.delete`, stored.kind, name, callerName(caller));
      return create(method.output);
    };
  }
  const verbs: readonly Verb[] =
    action === 'Upsert'
      ? (served.upserting ?? ['create', 'update'])
      : [action === 'Create' ? 'create' : 'update'];
  return (request, handler) => {
    const caller = callerOf(handler);
    permit('writes', caller, ...verbs);
    const sent = resourceIn(method.input, stored.schema, request);
    if (!sent) {
      if (served.absent === undefined) return context.crash(`${method.parent.typeName}/${method.name}`);
      throw badParameter(served.absent);
    }
    const resource = copyOf(stored, sent);
    const name = nameOf(resource);
    const exists = store.has(stored, name);
    reach(caller, store.get(stored, name));
    reach(caller, resource);
    prepare(served, resource, {
      before: store.get(stored, name),
      action: action as Write['action'],
      store,
    });
    if (action === 'Create' && exists) throw alreadyExists(served.exists(name));
    if (action === 'Update' && !exists && served.missing.update) throw notFound(served.missing.update(name));
    const conditional = action === 'Update' && served.conditional;
    const written = conditional ? store.update(stored, resource) : store.put(stored, resource);
    audit.add(`${stored.kind}.${exists ? 'update' : 'create'}`, stored.kind, name, callerName(caller));
    return reply(written);
  };
}

/** Names, the product's own defaults of the kind, then the kind's checks. @throws BadParameter */
function prepare(served: Served, resource: Message, write: Write): void {
  if (nameOf(resource) === '') throw badParameter('missing parameter Name');
  setNamespace(resource);
  kinds.find((kind) => kind.schema === served.stored.schema)?.defaults(resource);
  served.check?.(resource as never, write);
}

function nameIn(served: Served, request: Message, unnamed: string | undefined): string {
  if (served.singleton !== undefined) return served.singleton;
  const { Name, name } = request as { Name?: string; name?: string };
  const given = Name ?? name ?? '';
  if (given === '' && unnamed !== undefined) throw badParameter(unnamed);
  return given;
}

/** The resource in a request: the request itself, or its one field of that type. */
function resourceIn(input: DescMessage, schema: DescMessage, request: Message): Message | undefined {
  if (input.typeName === schema.typeName) return request;
  const field = input.fields.find((each) => each.message?.typeName === schema.typeName);
  return field && (request as unknown as Record<string, Message | undefined>)[field.localName];
}

/** A reply that is not the resource itself: one that holds it, or one that says nothing. */
function wrappedIn(output: DescMessage, schema: DescMessage, resource: Message): Message {
  const field = output.fields.find((each) => each.message?.typeName === schema.typeName);
  const reply = create(output, field ? { [field.localName]: resource } : undefined);
  fillAlways(output, reply);
  return reply;
}

function listIn(output: DescMessage, schema: DescMessage, resources: readonly Message[]): Message {
  const field = output.fields.find(
    (each) => each.fieldKind === 'list' && each.message?.typeName === schema.typeName,
  );
  return create(output, field ? { [field.localName]: [...resources] } : undefined);
}
