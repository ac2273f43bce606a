// The built-in types, in one list.
import { configMaps, namespaces, pods, secrets, serviceAccounts } from './core.js';
import { customResourceDefinitions } from './crd.js';
import { events } from './events.js';
import { leases } from './leases.js';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from './rbac.js';
import type { ResourceType } from './resource-type.js';
import { reviews } from './reviews.js';

export const builtins: readonly ResourceType[] = [
  namespaces,
  secrets,
  configMaps,
  serviceAccounts,
  pods,
  events,
  customResourceDefinitions,
  leases,
  roles,
  roleBindings,
  clusterRoles,
  clusterRoleBindings,
  ...reviews,
];
