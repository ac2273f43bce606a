// What becomes of every command of the documents that is not in one of their `sh` blocks, which docs.test.ts runs as they stand.
// A command that stands in no list fails commands.test.ts, and so does an entry that no document shows any more.

/** Documents whose `sh` blocks are run, each document's in order, as they stand. */
export const asTheyStand = ['install', 'upgrade', 'migrate', 'uninstall', 'gitops'].map(
  (name) => `docs/${name}.md`,
);

/** Commands of README.md that its own test runs, one after the other. */
export const trial: readonly string[] = [
  'node dist/main.js crds | kubectl apply --server-side -f -',
  'kubectl create namespace teleport-iac',
  'node dist/main.js teleport-role | tctl create -f -',
  'tctl bots add operator --roles operator',
  'node dist/main.js -auth-server teleport.example.com:443 -join-method token -token <token> -namespace teleport-iac',
  'kubectl apply -f engineer.yaml --namespace teleport-iac',
  'kubectl get teleport --namespace teleport-iac',
];

/** As it is run where that differs from what is shown; true where it doesn't. */
type Run = string | true;

/** Before there are CRDs, in this order. */
export const onEmptyCluster: Readonly<Record<string, Run>> = {
  'kubectl get --raw /openid/v1/jwks': true,
  'helm show readme': 'helm show readme charts/teleport-operator',
  'helm install teleport-operator-crds charts/teleport-operator-crds': true,
  'helm upgrade teleport-operator-crds charts/teleport-operator-crds': true,
  'teleport-operator crds | kubectl apply --server-side -f -':
    'teleport-operator crds | kubectl apply --server-side -f -; helm uninstall teleport-operator-crds; kubectl delete crds --all',
};

/** Beside a release as install.md has it, with an object `engineer` that has the finalizer, in this order. */
export const besideRelease: Readonly<Record<string, Run>> = {
  'kubectl get teleport': true,
  'kubectl get teleport -A': true,
  'kubectl -n teleport-iac get teleport': true,
  'kubectl -n teleport-iac describe teleportrolev7 engineer': true,
  'kubectl explain teleportuser.spec': true,
  'kubectl auth can-i --list': true,
  'kubectl annotate teleportroles --all teleport.dev/keep=true': true,
  'kubectl patch teleportrolev7 engineer --type=merge -p \'{"metadata":{"finalizers":null}}\'': true,
  // with another command that takes these flags, since no Pod runs here
  'kubectl -n teleport-iac get deployment teleport-operator -o jsonpath=\'{range .spec.template.spec.containers[0].command[1:]}{@}{"\\n"}{end}\' | xargs kubectl -n teleport-iac exec deployment/teleport-operator -- /teleport-operator doctor': `kubectl -n teleport-iac get deployment teleport-operator -o jsonpath='{range .spec.template.spec.containers[0].command[1:]}{@}{"\\n"}{end}' | xargs sh -c 'test $# -ge 6 && teleport-operator release -dry-run -namespace=teleport-iac "$@"' flags`,
  // with the rights that it has in the Pod
  'teleport-operator release -namespace teleport-iac':
    'KUBECONFIG=$ACCOUNT teleport-operator release -namespace teleport-iac',
  'teleport-operator release -namespaces=team-b':
    'teleport-operator release -namespace=teleport-iac -namespaces=default',
  'kubectl -n teleport-iac get lease 431e83f4.teleport.dev': true,
  'kubectl -n teleport-iac annotate lease 431e83f4.teleport.dev resources.teleport.dev/former-namespaces-': true,
  'kubectl -n teleport-iac delete lease 431e83f4.teleport.dev': true,
  'kubectl get teleportroles,teleportusers': true,
  'kubectl kustomize --enable-helm deploy/kustomize | kubectl apply --server-side -f -':
    'kubectl kustomize --enable-helm deploy/kustomize | kubectl apply --server-side --force-conflicts -f -',
  'helm upgrade teleport-operator charts/teleport-operator --namespace teleport-iac --reset-then-reuse-values --set enabled=false': true,
  'helm rollback teleport-operator --namespace teleport-iac': true,
  'helm upgrade --install … --set installCRDs=always --take-ownership':
    'helm upgrade --install keeper charts/teleport-operator --namespace teleport-iac --set installCRDs=always --take-ownership --set image=x,teleportAddress=x:3025,token=x',
  // no Pod runs here; what a kubelet does with -i is not ours
  'kubectl -n teleport-iac logs deployment/teleport-operator --previous | kubectl -n teleport-iac exec -i deployment/teleport-operator -- /teleport-operator resolve-trace':
    'echo \'{"level":"INFO"}\' | teleport-operator resolve-trace',
  'kubectl delete teleport --all --namespace teleport-iac': true,
};

/** With Teleport after the first block of install.md, in this order. */
export const inTeleport: Readonly<Record<string, Run>> = {
  'tctl status': true,
  'tctl get token/operator-bot': true,
  'tctl bots ls': true,
  'tctl get locks': true,
  'tctl rm lock/<id>': "tctl rm lock/$(tctl lock --user=nobody | grep -oE '[0-9a-f-]{36}')",
  'tctl bots instances add <bot>': 'tctl bots instances add operator',
  'teleport-operator teleport-role | tctl create -f -': true,
  'tctl bots rm operator': true,
  'tctl rm role/operator': true,
  'tctl rm token/operator-bot': true,
  'tctl bots add operator --token operator-bot --roles operator':
    'tctl create -f docs/teleport-role.yaml; tctl create -f token.yaml; tctl bots add operator --token operator-bot --roles operator',
  // Auth's cache is a moment behind the token
  'tctl bots add keeper --token operator-bot --roles keeper':
    "sed 's/name: operator$/name: keeper/' docs/teleport-role.yaml >role.yaml; sed 's/bot_name: operator/bot_name: keeper/' token.yaml >keeper.yaml; tctl create -f role.yaml; tctl create -f keeper.yaml; for i in 1 2 3 4 5; do tctl bots add keeper --token operator-bot --roles keeper && break; sleep 1; done",
};

/** In a checkout. */
export const inCheckout: Readonly<Record<string, Run>> = {
  'node dist/main.js -h': true,
  'teleport-operator version': true,
  'teleport-operator crds': true,
  'npm run sandbox -- --once': true,
  'npm run bench -- --help': true,
  'node tools/run.mjs bench/chart.ts docs/performance/growth.jsonl docs/performance':
    'node tools/run.mjs bench/chart.ts docs/performance/growth.jsonl "$OUT"; for f in docs/performance/*.svg; do cmp $f "$OUT"/$(basename $f); done',
  'npm ci && npm run bundle': 'npm run bundle -- --out "$OUT" --node "$(command -v node)"',
};

/** Run by another test, or by what runs the tests. */
export const byOthers: Readonly<Record<string, string>> = {
  'npm ci': '.ci/run',
  'npm run build': '.ci/run',
  'npm run bundle': 'test/chart/docs.test.ts',
  'npm ci && npm run build': '.ci/run',
  'npm test': '.ci/run',
  'npm ci && npm test': '.ci/run',
  'npm run check': '.ci/run',
  'npm run gen': 'tools/check.ts',
  'npm run format': 'tools/check.ts',
  'node dist/main.js resolve-trace <trace.txt': 'test/e2e/crash.test.ts',
  'npx vitest run src/kinds': '.ci/run',
  'npx vitest run src/kube': '.ci/run',
  '.ci/run': '.ci/run',
  'node dist/main.js doctor': 'test/joining/doctor.test.ts',
  'teleport-operator doctor -auth-server teleport.example.com:443 -token operator-bot':
    'test/joining/doctor.test.ts',
  'dist/bundle/teleport-operator -auth-server example.teleport.sh:443 -join-method iam -token operator-iam -namespace teleport-iac':
    'test/chart/image.test.ts',
  'tctl auth rotate': 'test/joining/real-life.test.ts',
  'helm upgrade teleport-operator teleport/teleport-operator --version 18.0.0 --namespace teleport-iac --reset-values -f your-old-values.yaml':
    'test/chart/switch.test.ts',
};

/** Run by hand, as shown where nothing else is said: when, on what, and what it said. To be run again when the command, or what it tries, changes. */
export const byHand: Readonly<Record<string, string>> = {
  'npm run sandbox':
    '2026-11-28, Node 20.20.2: the table of 41 objects, all Ready, the path of the kubeconfig, three things to try; ended with 0 on Ctrl-C after 12 s',
  'npm ci && npm run sandbox': 'the same after .ci/run’s npm ci',
  'npm run bench': '2026-11-28: as the first table of docs/performance.md, on embedded servers',
  "npm run bench -- --other '/path/to/go-operator'":
    '2026-11-28, with --servers real --n 1000 and the Go operator 18.0.0: the table in docs/performance.md',
  'export SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)"': '2026-11-28, before the next: 1795886491',
  'docker buildx build --platform linux/amd64,linux/arm64 --sbom=true --provenance=mode=max --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" --build-arg CREATED="$(git log -1 --format=%cI)" --annotation "index:org.opencontainers.image.version=0.1.0" --annotation "index:org.opencontainers.image.revision=$(git rev-parse HEAD)" --tag registry.example/teleport-operator:0.1.0 --output type=registry,rewrite-timestamp=true .':
    '2026-11-28, buildx 0.38.2, BuildKit 0.34.2, registry 3.1.2, stand-ins for the bases: exporting manifest sha256:850ee48e162f… (linux/amd64, 56.8 MB), sha256:ee557e221dfb… (linux/arm64, 57.0 MB), an attestation manifest for each, exporting manifest list done, pushing manifest for registry.example/teleport-operator:0.1.0 done; with --no-cache from another checkout, and with BUILDPLATFORM=linux/arm64 under QEMU, the same two digests',
  "docker buildx imagetools inspect registry.example/teleport-operator:0.1.0 --format '{{json .SBOM}}'":
    '2026-11-28, of the image above: SPDX-2.3 for each platform with 37 pkg:npm (pino 10.4.0 MIT, @bufbuild/protobuf 2.17.0 …), 12 pkg:deb, pkg:generic/node@24.22.3; with .Provenance: SLSA, both bases by digest, args VERSION, REVISION, CREATED, SOURCE_DATE_EPOCH',
  'docker buildx imagetools inspect <image>':
    '2026-11-28, of the stand-in for node:24.22.3-trixie-slim: MediaType application/vnd.oci.image.index.v1+json, Digest sha256:0ff9f85ddd9e…; a build with that digest and the other base’s in its arguments had the same layers',
  // In Pods; docs/by-hand.md has versions and the rest of the output.
  'kubectl -n teleport-iac exec deployment/teleport-operator -- /teleport-operator release':
    '2026-11-28, kubelet 1.34.4, two replicas, after 15 s: 4 objects released; nothing was changed in Teleport. To let an operator work again: kubectl -n teleport-iac delete lease 431e83f4.teleport.dev',
  'kubectl -n teleport-iac logs deployment/teleport-operator | grep -v \'"level":"DEBUG"\'':
    '2026-11-28, kubelet 1.34.4: Found 2 pods, using pod/teleport-operator-5c4847fd5c-q9kg4; then lines of JSON, the last one {"level":"INFO", … "message":"another process leads"}',
  'kubectl -n teleport-iac port-forward deployment/teleport-operator 8081':
    '2026-11-28, kubelet 1.34.4: Forwarding from 127.0.0.1:8081 -> 8081; Handling connection for 8081',
  'curl -s http://127.0.0.1:8081/readyz': '2026-11-28, kubelet 1.34.4, through that port-forward: ok',
  'kubectl -n {{ $namespace }} rollout status deployment/{{ $name }}': 'the next, as it is rendered',
  'kubectl -n teleport-iac rollout status deployment/teleport-operator':
    '2026-11-28, kubelet 1.34.4: deployment "teleport-operator" successfully rolled out',
  'kubectl -n {{ $namespace }} logs deployment/{{ $name }}': 'the next, as it is rendered',
  'kubectl -n teleport-iac logs deployment/teleport-operator':
    '2026-11-28, kubelet 1.34.4: the same as with grep above',
  'kubectl -n {{ $namespace }} get teleport':
    '2026-11-28, kubelet 1.34.4, as rendered for release teleport-operator: teleportuser.resources.teleport.dev/alice True Synced ["manager","engineer"] 4s, and three more',
  'kubectl describe pod':
    '2026-11-28, kubelet 1.34.4, with -startup-timeout=20s and an address that is none: Last State: Terminated, Reason: Error, Message: … "message":"Teleport could not be joined within -startup-timeout", Exit Code: 1',
};

/** Not run, and why. */
export const notHere: Readonly<Record<string, string>> = {
  'npm run bench -- --n 100,1000,10000': 'takes an hour; docs/performance has its figures',
  'export KUBEBUILDER_ASSETS=… TELEPORT_BIN_DIR=…': 'set by whoever runs the tests',
  'export KUBEBUILDER_ASSETS=/path/to/folder': 'the same',
  'export TELEPORT_BIN_DIR=/path/to/folder': 'the same',
};

/** Names of commands in sentences, with nothing to type after them. */
export const names: readonly string[] = [
  'kubectl explain',
  'kubectl get',
  'kubectl describe',
  'kubectl create',
  'kubectl edit --subresource=status',
  'helm template',
  'helm upgrade',
  'helm rollback',
  'helm uninstall',
  'tctl create -f',
  'teleport-operator teleport-role',
  'teleport-operator [run] [flags]',
  'teleport-operator release [flags]',
  'teleport-operator doctor [flags]',
  'teleport-operator release',
  'teleport-operator resolve-trace',
  'teleport-operator doctor',
  'node dist/main.js release',
];
