import type { HookScheme } from '~/api/schema';

type Name = 'github' | 'gitlab' | 'slack' | 'standard_webhooks' | 'hmac' | 'token' | 'none';

/** How the posts of a service are proved to be its own, and what to do with the secret there. */
export const SCHEMES: Record<Name, { label: string; about: string }> = {
  github: { label: 'GitHub', about: 'Signed by GitHub. Put the secret into the webhook there.' },
  gitlab: { label: 'GitLab', about: 'Put the secret into the field “Secret token” there.' },
  slack: { label: 'Slack', about: 'Signed by Slack. Type the signing secret of the Slack app here.' },
  standard_webhooks: { label: 'Standard Webhooks', about: 'Signed as standardwebhooks.com says.' },
  token: { label: 'A token', about: 'The sender puts the secret into “Authorization: Bearer …”.' },
  hmac: { label: 'A signature of another kind', about: 'An HMAC in a header that you name.' },
  none: { label: 'None', about: 'Anybody who knows the address can post. Only for trying out.' },
};

export const SCHEME_CHOICES = (Object.keys(SCHEMES) as Name[]).map((value) => ({ value, label: SCHEMES[value].label }));

/** The scheme's name, whether it is written short or with its settings. */
export const schemeName = (scheme: HookScheme): Name =>
  (typeof scheme === 'string' ? scheme : (scheme as { scheme: Name }).scheme) as Name;
