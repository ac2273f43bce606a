// The commands that print, as a shell runs them.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { operatorProgram } from '../env/build.js';

const run = promisify(execFile);
const shell = (line: string) =>
  run('bash', ['-c', line, 'bash', process.execPath, operatorProgram()], { maxBuffer: 16 * 1024 * 1024 });

describe.each(['crds', 'teleport-role', 'version', 'help'])('teleport-operator %s', (command) => {
  it('prints, and says nothing beside', async () => {
    const { stdout, stderr } = await shell(`"$1" "$2" ${command}`);
    expect([stdout.length > 10, stderr]).toEqual([true, '']);
  });

  it('ends well where its reader has seen enough', async () => {
    const { stdout, stderr } = await shell(`"$1" "$2" ${command} | true; echo "\${PIPESTATUS[0]}"`);
    expect([stdout, stderr]).toEqual(['0\n', '']);
  });
});

describe.each(['crds', 'teleport-role', 'version'])('teleport-operator %s', (command) => {
  it.each(['"teleportroles"', '"-namespace=x"', '"--" ""'])(
    'refuses %s: it would do nothing with it',
    async (given) => {
      const { stdout } = await shell(`"$1" "$2" ${command} ${given} 2>&1; echo "$?"`);
      expect(stdout).toBe(`teleport-operator: ${command} takes no arguments, and was given ${given}\n2\n`);
    },
  );
});
