// The only list of services. Several register handlers of AuthService: they are merged into one.

import type { DescService } from '@bufbuild/protobuf';
import type { ConnectRouter, ServiceImpl } from '@connectrpc/connect';
import { botService } from './bots.js';
import { clusterService } from './cluster.js';
import { connectorServices } from './connectors.js';
import { eventService } from './events.js';
import { governanceServices } from './governance.js';
import { inventoryServices } from './inventory.js';
import { joinService } from './joining.js';
import { lockService } from './locks.js';
import { roleService } from './roles.js';
import type { Service, ServiceContext } from './service.js';
import { tokenService } from './tokens.js';
import { userService } from './users.js';

/** What Auth serves. */
export const authServices: readonly Service[] = [
  clusterService,
  joinService,
  roleService,
  userService,
  tokenService,
  lockService,
  eventService,
  botService,
  ...connectorServices,
  ...inventoryServices,
  ...governanceServices,
];

/** What Auth serves beside that with a licence. */
export { licensedServices } from './governance.js';

/** What the proxy serves to clients without a certificate. */
export const proxyServices: readonly Service[] = [joinService];

/** A router's `routes`: the services' handlers, those of one service put together. */
export function routesOf(
  services: readonly Service[],
  context: ServiceContext,
): (router: ConnectRouter) => void {
  return (router) => {
    const merged = new Map<DescService, Record<string, unknown>>();
    const collector = {
      service: (service: DescService, handlers: Record<string, unknown>) => {
        merged.set(service, { ...merged.get(service), ...handlers });
        return collector;
      },
    } as unknown as ConnectRouter;
    for (const register of services) register(collector, context);
    for (const [service, handlers] of merged)
      router.service(service, handlers as Partial<ServiceImpl<DescService>>);
  };
}
