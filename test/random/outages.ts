// What breaks between the operator and its servers, and for how long. All of it ends by itself or by the stage's `calm`.

import { setTimeout as pause } from 'node:timers/promises';
import { Code } from '@connectrpc/connect';
import type { RunningEmbeddedKube } from '../env/kube-embedded.js';
import type { Stage } from './stage.js';
import type { Outage } from './steps.js';

const message = 'made to fail by a test';
const byBots = /^bot-/;

/** @param size 0 to 5: how many requests, or how long */
export async function breakDown(stage: Stage, what: Outage, size: number): Promise<void> {
  const { kubeWire, kubeFaults, teleportWire, faults, scene } = stage;
  const times = size + 1;
  /** On a real server, which can't be told to fail, its connections break. */
  const orBreak = (fail: (given: NonNullable<typeof faults>) => void): void => {
    if (faults) fail(faults);
    else teleportWire.cut();
  };
  switch (what) {
    case 'watches of objects end':
      return kubeWire.cut();
    case 'the API server forgets its history':
      if (scene.kube.kind === 'embedded') (scene.kube as RunningEmbeddedKube).server.faults.compact();
      return kubeWire.cut();
    case 'the API server fails':
      return kubeFaults.fail({ status: 500 }, times);
    case 'the API server is too busy':
      return kubeFaults.fail({ status: 429 }, times);
    case 'connections to the API server break':
      return kubeFaults.fail('reset', times);
    case 'answers of the API server are lost':
      return kubeFaults.fail('lost', times);
    case 'connections to Teleport break':
      return teleportWire.cut();
    case 'Teleport is away':
    case 'Teleport is silent':
      teleportWire.state = what === 'Teleport is away' ? 'refused' : 'frozen';
      teleportWire.cut();
      await pause(times * 200);
      teleportWire.state = 'open';
      return teleportWire.cut();
    case 'Teleport fails':
      return orBreak((given) => given.fail(Code.Unavailable, message, { times, user: byBots }));
    case 'Teleport refuses a race':
      return orBreak((given) =>
        given.fail(Code.FailedPrecondition, message, { times, user: byBots, method: /\/(Create|Update)/ }),
      );
    case 'answers of Teleport are lost':
      return orBreak((given) =>
        given.loseReply({ times, user: byBots, method: /\/(Create|Update|Upsert|Delete)/ }),
      );
    case 'Teleport is slow':
      return orBreak((given) => given.delay(times * 150, { times: 4 * times, user: byBots }));
    case 'somebody has the Lease':
      return stage.usurp(2_000 + 200 * times);
  }
}
