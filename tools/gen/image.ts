// Compiles proto/ with buf: to descriptors with their comments, and to TypeScript. Needs no network.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorSet, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

/** @throws Error with buf's own words where proto/ does not compile */
export function buildImage(root: string): FileDescriptorSet {
  return inTemporaryFolder((folder) => {
    const file = join(folder, 'image.binpb');
    buf(root, ['build', '-o', file]);
    return fromBinary(FileDescriptorSetSchema, readFileSync(file));
  });
}

/** The generated protobuf code, by path from the root. */
export function protobufCode(root: string): Map<string, string> {
  return inTemporaryFolder((folder) => {
    buf(root, ['generate', '-o', folder]);
    const files = new Map<string, string>();
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(path.slice(folder.length + 1), readFileSync(path, 'utf8'));
    }
    return files;
  });
}

function buf(root: string, args: readonly string[]): void {
  const bin = resolve(root, 'node_modules', '.bin');
  const { status, stderr, error } = spawnSync(join(bin, 'buf'), args, {
    cwd: root,
    encoding: 'utf8',
    // buf finds protoc-gen-es on the PATH.
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` },
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`buf ${args[0]}: ${stderr.trim()}`);
}

function inTemporaryFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'teleport-operator-gen-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
