// The contract of Kubernetes as the operator uses it, told with the operator's own client: the same cases on the
// embedded server, always, and on a real kube-apiserver when KUBEBUILDER_ASSETS names a folder with it and etcd.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kubeServers } from '../../env/index.js';
import type { RunningEmbeddedKube } from '../../env/kube-embedded.js';
import { accessContract } from './access.js';
import { builtinsContract } from './builtins.js';
import { covered, needs, uncovered } from './coverage.js';
import { definitionsContract } from './definitions.js';
import { deletesContract } from './deletes.js';
import { readsContract } from './reads.js';
import { schemasContract } from './schemas.js';
import { secretsContract } from './secrets.js';
import { type ContractServer, openServer, userAgent } from './server.js';
import { tablesContract } from './tables.js';
import { writesContract } from './writes.js';

describe.each(kubeServers())('$name', ({ start, skipped }) => {
  describe.skipIf(skipped)('keeps the contract', () => {
    let opened: ContractServer | undefined;
    const server = (): ContractServer => {
      if (!opened) throw new Error('the server is not up');
      return opened;
    };

    beforeAll(async () => {
      opened = await openServer(await start());
    }, 90_000);

    afterAll(() => opened?.stop());

    describe.each([
      ['writes', writesContract],
      ['deletes', deletesContract],
      ['reads', readsContract],
      ['schemas', schemasContract],
      ['tables', tablesContract],
      ['built-in types', builtinsContract],
      ['Secrets', secretsContract],
      ['definitions', definitionsContract],
      ['access', accessContract],
    ])('%s', (_subject, contract) => {
      contract(server);
    });

    it('has cases for what coverage.ts says', () => {
      if (server().running.kind !== 'embedded') return;
      const calls = (server().running as RunningEmbeddedKube).server.sorts();
      const used = new Set(calls.filter((call) => call.userAgent === userAgent).flatMap(needs));
      expect(covered.filter((need) => !used.has(need))).toEqual([]);
    });
  });
});

describe('the record of calls', () => {
  it('names what has no case, once', () => {
    const call = { verb: 'deletecollection', group: '', resource: 'secrets', features: ['dryRun'] };
    expect(uncovered([call, call])).toEqual([
      'deletecollection secrets',
      'deletecollection secrets with dryRun',
    ]);
    const known = {
      verb: 'list',
      group: 'resources.teleport.dev',
      resource: 'teleportroles',
      features: ['limit'],
    };
    expect(uncovered([known])).toEqual([]);
  });
});
