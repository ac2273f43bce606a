// What Teleport fills in when it stores an access list (kinds.md E.8).
import { create } from '@bufbuild/protobuf';
import { DurationSchema } from '@bufbuild/protobuf/wkt';
import {
  type AccessList,
  AccessListAuditSchema,
  MembershipKind,
  NotificationsSchema,
  RecurrenceSchema,
  ReviewDayOfMonth,
  ReviewFrequency,
} from '../gen/teleport/accesslist/v1/accesslist_pb.js';

const twoWeeks = 1_209_600n;

/** Adds the server's defaults: how often and when to review, and whom to tell when; owners each once. */
export function accessListDefaults({ spec }: AccessList): void {
  if (!spec) return;
  const audit = (spec.audit ??= create(AccessListAuditSchema));
  const recurrence = (audit.recurrence ??= create(RecurrenceSchema));
  recurrence.frequency ||= ReviewFrequency.SIX_MONTHS;
  recurrence.dayOfMonth ||= ReviewDayOfMonth.FIRST;
  const notifications = (audit.notifications ??= create(NotificationsSchema));
  if (!notifications.start?.seconds && !notifications.start?.nanos) {
    notifications.start = create(DurationSchema, { seconds: twoWeeks });
  }
  const seen = new Set<string>();
  spec.owners = spec.owners.filter(({ name }) => !seen.has(name) && seen.add(name));
  for (const owner of spec.owners) owner.membershipKind ||= MembershipKind.USER;
}
