// What the sandbox says first: where things are, and three things to try.

export interface IntroFacts {
  readonly kubeconfig: string;
  readonly log: string;
  readonly namespace: string;
  readonly ports: { readonly health?: number; readonly metrics?: number };
}

/** The text above the table. */
export function intro({ kubeconfig, log, namespace, ports }: IntroFacts): string {
  return `An embedded Kubernetes API server and an embedded Teleport are running, the operator between them.

  export KUBECONFIG=${kubeconfig}
  operator's log  ${log}
  readiness       http://127.0.0.1:${ports.health ?? 0}/readyz?verbose
  metrics         http://127.0.0.1:${ports.metrics ?? 0}/metrics

Three things to try, in another terminal:
  kubectl -n ${namespace} get teleport
  kubectl -n ${namespace} patch teleportuser alice --type merge -p '{"spec":{"roles":["nobody"]}}' && kubectl -n ${namespace} describe teleportuser alice
  kubectl -n ${namespace} delete teleportrolev7 engineer --wait=false && kubectl -n ${namespace} get teleportrolev7 engineer

Ctrl-C ends it.

`;
}
