// Events of the core group: what happened to an object.
import type { FieldError } from '../errors.js';
import { at, objectOr, textOr } from '../json.js';
import type { ApiObject } from '../object.js';
import { anything, object, text, time, whole } from '../schema/build.js';
import { builtin, column, since } from './builtin.js';
import { checkMicroTime, cutToSeconds } from './times.js';

const involved = [
  'involvedObject.kind',
  'involvedObject.namespace',
  'involvedObject.name',
  'involvedObject.uid',
  'involvedObject.apiVersion',
  'involvedObject.resourceVersion',
  'involvedObject.fieldPath',
  'reason',
  'reportingComponent',
  'type',
];

function check(event: ApiObject): FieldError[] {
  const namespace = textOr(at(event, 'involvedObject', 'namespace'));
  const own = event.metadata.namespace ?? '';
  if (namespace === own || (namespace === '' && own === 'default')) return [];
  const message = `Invalid value: ${JSON.stringify(namespace)}: does not match event.namespace`;
  return [{ reason: 'FieldValueInvalid', field: 'involvedObject.namespace', message }];
}

function lastSeen(event: ApiObject, now: number): string {
  const series = at(event, 'series', 'lastObservedTime');
  return since(series ?? event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp, now);
}

function firstSeen(event: ApiObject, now: number): string {
  return since(event.firstTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp, now);
}

const reference = object(
  {
    apiVersion: text('the API version'),
    kind: text('the kind'),
    name: text('the name'),
    namespace: text('the namespace'),
    uid: text('the uid'),
    resourceVersion: text('the version it was seen in'),
    fieldPath: text('the part of it'),
  },
  'a reference to an object',
);

export const events = builtin({
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
  description: 'Something that happened to an object.',
  properties: {
    involvedObject: { ...reference, description: 'what it happened to' },
    related: { ...reference, description: 'another object that took part' },
    reason: text('why, in one word for machines'),
    message: text('what happened, for people'),
    type: text('Normal or Warning'),
    action: text('what was done or tried'),
    count: whole('how often it happened'),
    source: object({ component: text('who tells it'), host: text('where that runs') }, 'who tells it'),
    firstTimestamp: time('when it happened first'),
    lastTimestamp: time('when it happened last'),
    eventTime: time('when it happened, to the microsecond'),
    series: anything('how it was repeated'),
    reportingComponent: text('who tells it'),
    reportingInstance: text('which instance of it'),
  },
  required: ['involvedObject'],
  columns: [
    column('Last Seen', lastSeen),
    column('Type', (event) => textOr(event.type)),
    column('Reason', (event) => textOr(event.reason)),
    column('Object', (event) => {
      const { kind, name } = objectOr(event.involvedObject);
      return `${textOr(kind).toLowerCase()}/${textOr(name)}`;
    }),
    column('Subobject', (event) => textOr(at(event, 'involvedObject', 'fieldPath')), 1),
    column(
      'Source',
      (event) => textOr(at(event, 'source', 'component')) || textOr(event.reportingComponent),
      1,
    ),
    column('Message', (event) => textOr(event.message).trim()),
    column('First Seen', firstSeen, 1),
    column('Count', (event) => (typeof event.count === 'number' ? event.count : 1), 1),
    column('Name', (event) => event.metadata.name, 1),
  ],
  more: {
    prepare: (event) => {
      checkMicroTime(event.eventTime, event);
      cutToSeconds(event, 'firstTimestamp');
      cutToSeconds(event, 'lastTimestamp');
      event.firstTimestamp ??= null;
      event.lastTimestamp ??= null;
      event.eventTime ??= null;
      event.reportingComponent ??= '';
      event.reportingInstance ??= '';
    },
    check,
    fields: involved,
  },
});
