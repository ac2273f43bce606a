// Where the embedded Teleport knowingly differs from a real one of version 18.0.0, and why. The contract's cases
// are written so that both pass; what is here is what they therefore do not see.

export interface Difference {
  readonly subject: string;
  readonly embedded: string;
  readonly real: string;
  readonly reason: string;
}

export const differences: readonly Difference[] = [
  {
    subject: 'reads and locks after a write',
    embedded: 'current at once',
    real: 'up to a second stale (Auth reads from a cache)',
    reason: 'tests would be slower and no truer; cases poll, and the operator never reads back',
  },
  {
    subject: 'a client certificate that Auth does not accept',
    embedded: 'the connection is closed after the handshake',
    real: 'closed as well; where the authority is unknown with the TLS alert unknown_ca',
    reason: 'Node cannot send an alert of its own; a client must take either as a refusal',
  },
  {
    subject: 'a write without its resource',
    embedded: 'all connections are closed, the RPC is noted in `crashes`, the server lives on',
    real: 'the Auth process ends (observed.md A.2)',
    reason: 'a test that ends its own process shows nothing; real servers are never sent one',
  },
  {
    subject: 'proofs of clouds and CI systems',
    embedded: 'checked against issuers, AWS users and an Azure that the test supplies',
    real: 'checked against the issuer, STS and Azure themselves, over the network',
    reason: 'tests stay on loopback; a JWKS in the token and bound keys are tried on both',
  },
  {
    subject: 'servers of version 15 to 17',
    embedded: 'which RPCs they have, one key for two certificates, HTTP joins, no signature suite',
    real: 'everything else that changed since',
    reason: 'only 18.0.0 was at hand; what is posed is what the operator depends on',
  },
  {
    subject: 'SSH certificates',
    embedded: 'the key in the form of a certificate, signed by nobody',
    real: 'a signed certificate',
    reason: 'nothing that the operator does uses SSH',
  },
  {
    subject: 'permissions',
    embedded: 'rules by kind and verb; a rule with `where` never applies, only labels of nodes are looked at',
    real: '`where`, labels of nodes, apps, databases and service providers, traits in role names',
    reason: 'the operator needs rights by kind; tests of labels belong on a real server',
  },
  {
    subject: 'the `version` header of a client of 17.x',
    embedded: 'ignored; too old or no version closes the connection, as it should',
    real: 'role v8 is answered as v7 with a label that says so',
    reason: 'the operator sends no such header (observed.md 6)',
  },
  {
    subject: 'validation of roles, tokens and users',
    embedded: 'the checks of kinds.md E that cost a few lines',
    real: 'also expressions, predicates, licences, and the inner rules of most join methods',
    reason: 'what is refused only there ends in the same BadParameter',
  },
  {
    subject: 'GitHub connectors',
    embedded: 'taken as they are',
    real: 'Auth asks github.com about the organization at every write, and answers with code 2 where it cannot',
    reason: 'nothing that is started here reaches out',
  },
  {
    subject: 'trusted clusters',
    embedded: 'no root cluster is asked: name and token are taken for right',
    real: 'the root cluster checks the token, and the name must be its own',
    reason: 'one server is one cluster; test/e2e/trusted-cluster.test.ts has two real ones',
  },
  {
    subject: 'what Teleport reads off cloud addresses and fetches from URLs',
    embedded:
      'nothing: databases and descriptors are stored as they are sent, service providers with a short descriptor',
    real: 'region, account and instance of cloud databases; descriptors of SAML providers',
    reason: 'the operator looks at what was stored, whatever it is',
  },
  {
    subject: 'audit, sign-in, sessions, agents, web interface',
    embedded: 'absent; a list of what was done by whom',
    real: 'present',
    reason: 'not used by the operator',
  },
];
