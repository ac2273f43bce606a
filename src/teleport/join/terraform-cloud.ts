// Join method `terraform_cloud`: the workload identity token of an HCP Terraform run. A workspace may have several,
// told apart by a tag at the end of the variable's name.
import { idTokenVariable } from './environment.js';
import type { ProofMethod } from './method.js';

export const terraformCloud: ProofMethod = {
  name: 'terraform_cloud',
  form: 'proof',
  repeatable: true,
  idToken: async (context) => {
    const tag = context.settings?.terraformCloudAudienceTag ?? '';
    const suffix = tag === '' ? '' : `_${tag.toUpperCase()}`;
    const remedy =
      `set TFC_WORKLOAD_IDENTITY_AUDIENCE${suffix} to the Teleport cluster's name in the workspace` +
      (tag === '' ? ', or name a tag with -terraform-cloud-audience-tag' : '');
    return idTokenVariable('terraform_cloud', `TFC_WORKLOAD_IDENTITY_TOKEN${suffix}`, remedy, context);
  },
};
