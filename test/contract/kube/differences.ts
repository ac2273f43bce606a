// Where the embedded server and a real kube-apiserver are known to differ in what the cases look at, and why that
// is accepted. What the embedded server leaves out altogether stands in docs/sandbox.md.

export interface Difference {
  readonly subject: string;
  readonly embedded: string;
  readonly real: string;
  readonly reason: string;
}

export const differences: readonly Difference[] = [
  {
    subject: 'a deleted namespace',
    embedded: 'is emptied, and gone with the last of its objects',
    real: 'stays Terminating',
    reason:
      'emptying is the work of kube-controller-manager, which the real test server lacks; clusters have it',
  },
  {
    subject: 'managedFields',
    embedded: 'lists are one field each; no "." and "v:" entries',
    real: 'merges lists by their schema',
    reason: 'the operator drops managedFields; kubectl only needs managers and conflicts',
  },
  {
    subject: 'the order of causes in a refusal',
    embedded: "the order of the object's fields",
    real: 'any order',
    reason: 'Go maps have none; no case relies on it',
  },
  {
    subject: 'the path inside the text of a refused update',
    embedded: 'whole: `status.conditions[0].reason in body …`',
    real: 'from the part that was compared: `conditions[0].reason in body …`',
    reason: "the cause's own `field` is whole on both; only people read the text",
  },
  {
    subject: 'a field of the wrong type in a built-in type',
    embedded: '422, as for a custom resource',
    real: "400 with the text of Go's JSON decoder",
    reason: 'the operator writes Leases and Events from typed code',
  },
  {
    subject: 'propagationPolicy Foreground and Orphan',
    embedded: 'ignored',
    real: 'a finalizer for the garbage collector',
    reason: 'nothing collects garbage in either test server; the operator never sets it',
  },
];
