// UsersService: users without secrets. A role that a user is given must exist.
import { create } from '@bufbuild/protobuf';
import { EmptySchema, timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  CreatedBySchema,
  MFADeviceKind,
  PasswordState,
  UserSpecV2Schema,
  UserStatusV2Schema,
  type UserV2,
} from '../../../src/gen/teleport/types/user_pb.js';
import { UsersService } from '../../../src/gen/teleport/users/v1/users_service_pb.js';
import { callerName } from '../access/caller.js';
import { accessDenied, alreadyExists, notFound } from '../refusal.js';
import { mentions, nameOf } from '../state/head.js';
import { roles, users } from '../state/kinds.js';
import { callerOf, checkMetadata, type Service, type ServiceContext } from './service.js';

const longestPage = 1000;

export const userService: Service = (router, context) => {
  const { access } = context;
  const { store, reads, audit } = access.state;

  router.service(UsersService, {
    getUser: (request, handler) => {
      const caller = callerOf(handler);
      const own = callerName(caller);
      if (request.withSecrets) throw accessDenied('this request can be only executed by an admin');
      const name = request.name === '' && request.currentUser ? own : request.name;
      // whoever may create users may look at them
      const mayLook = (own !== '' && name === own) || access.may(caller, 'user', 'create');
      if (!mayLook) access.check(caller, 'user', 'read');
      const user = reads.get(users, name);
      if (!user) throw notFound(`"user" "${name}" does not exist`);
      return { user };
    },
    listUsers: (request, handler) => {
      access.check(callerOf(handler), 'user', 'read', 'list');
      const words = request.filter?.SearchKeywords ?? [];
      const found = reads.page(users, {
        from: request.pageToken,
        size: request.pageSize > 0 ? Math.min(request.pageSize, longestPage) : longestPage,
        filter: (user) => words.every((word) => mentions(user, word)),
      });
      // as 18.0.0 does it: the token lies behind the user that comes next, who is thereby lost
      return { users: found.page, nextPageToken: found.next && `${found.next}0` };
    },
    createUser: (request, handler) => {
      const caller = callerOf(handler);
      access.check(caller, 'user', 'create');
      const user = given(context, 'CreateUser', request.user);
      prepareUser(context, user);
      if (!user.Spec?.CreatedBy?.User?.Name) createdBy(context, user, callerName(caller));
      if (store.has(users, nameOf(user))) throw alreadyExists(`user "${nameOf(user)}" already registered`);
      status(user, true);
      const stored = withoutSecrets(store.create(users, user));
      audit.add('user.create', 'user', nameOf(stored), callerName(caller));
      return { user: stored };
    },
    updateUser: (request, handler) => {
      const caller = callerOf(handler);
      access.check(caller, 'user', 'update');
      const user = given(context, 'UpdateUser', request.user);
      prepareUser(context, user);
      const existing = reads.get(users, nameOf(user));
      if (existing?.Spec?.CreatedBy && user.Spec) user.Spec.CreatedBy = existing.Spec.CreatedBy;
      status(user, false);
      const stored = withoutSecrets(store.update(users, user));
      audit.add('user.update', 'user', nameOf(stored), callerName(caller));
      return { user: stored };
    },
    upsertUser: (request, handler) => {
      const caller = callerOf(handler);
      access.check(caller, 'user', 'update', 'create');
      const user = given(context, 'UpsertUser', request.user);
      prepareUser(context, user);
      if (!user.Spec?.CreatedBy?.User?.Name) createdBy(context, user, callerName(caller));
      status(user, false);
      const stored = withoutSecrets(store.put(users, user));
      audit.add('user.create', 'user', nameOf(stored), callerName(caller));
      return { user: stored };
    },
    deleteUser: (request, handler) => {
      const caller = callerOf(handler);
      access.check(caller, 'user', 'delete');
      store.delete(roles, `user:${request.name}`);
      if (!store.delete(users, request.name)) throw notFound(`user "${request.name}" not found`);
      audit.add('user.delete', 'user', request.name, callerName(caller));
      return create(EmptySchema);
    },
  });
};

function given(context: ServiceContext, method: string, user: UserV2 | undefined): UserV2 {
  return user ?? context.crash(`teleport.users.v1.UsersService/${method}`);
}

/** @throws BadParameter, NotFound for a role that does not exist */
function prepareUser({ access }: ServiceContext, user: UserV2): void {
  user.Kind = 'user';
  user.Version = 'v2';
  checkMetadata(user.Metadata);
  user.Spec ??= create(UserSpecV2Schema);
  for (const role of user.Spec.Roles) {
    if (!access.state.reads.has(roles, role)) throw notFound(`role ${role} is not found`);
  }
}

function createdBy({ access }: ServiceContext, user: UserV2, name: string): void {
  if (!user.Spec) return;
  user.Spec.CreatedBy = create(CreatedBySchema, {
    User: { Name: name },
    Time: timestampFromMs(access.state.clock.now()),
  });
}

/** A new user has no password; whether there are MFA devices is looked up at every write. */
function status(user: UserV2, isNew: boolean): void {
  user.Status ??= create(UserStatusV2Schema);
  if (isNew) user.Status.passwordState = PasswordState.UNSET;
  user.Status.mfaWeakestDevice = MFADeviceKind.MFA_DEVICE_KIND_UNSET;
}

function withoutSecrets(user: UserV2): UserV2 {
  if (user.Spec) delete user.Spec.LocalAuth;
  return user;
}
