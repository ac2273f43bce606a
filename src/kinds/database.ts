// TeleportDatabaseV3: a database that Teleport gives access to.
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import {
  DatabaseSpecV3Schema,
  type DatabaseV3,
  DatabaseV3Schema,
} from '../gen/teleport/types/database_pb.js';
import { call, nothing, whole } from './calls.js';
import { databaseDefaults } from './database-defaults.js';
import { legacyForm } from './forms.js';
import { declareKind } from './kind.js';

export const database = declareKind({
  object: {
    kind: 'TeleportDatabaseV3',
    plural: 'teleportdatabasesv3',
    shortNames: ['databasev3', 'databasesv3'],
    versions: [{ name: 'v1', storage: true }],
    columns: [
      { name: 'Protocol', jsonPath: '.spec.protocol', type: 'string' },
      { name: 'URI', jsonPath: '.spec.uri', type: 'string' },
    ],
    description: 'A database that Teleport gives access to.',
  },
  resource: { kind: 'db', version: 'v3' },
  schema: DatabaseV3Schema,
  form: legacyForm(DatabaseV3Schema),
  spec: { schema: DatabaseSpecV3Schema, hidden: [] },
  serverOwned: ['Status'],
  kept: ['Status'],
  defaults: databaseDefaults,
  seenBy: 'db_labels',
  watched: true,
  calls: {
    get: call(
      AuthService.method.getDatabase,
      (Name: string) => ({ Name }),
      (stored) => stored,
    ),
    create: call(AuthService.method.createDatabase, (created: DatabaseV3) => created, nothing),
    update: call(AuthService.method.updateDatabase, (updated: DatabaseV3) => updated, nothing),
    list: whole(AuthService.method.getDatabases, {}, ({ Databases }) => Databases),
    delete: call(AuthService.method.deleteDatabase, (Name: string) => ({ Name }), nothing),
  },
});
