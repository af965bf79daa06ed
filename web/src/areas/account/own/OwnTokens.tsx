import { useQuery } from '@tanstack/react-query';
import { api, ask } from '~/api/client';
import { OwnPage } from './OwnPage';
import { tokensQuery } from './queries';
import { TokenList } from './Tokens';

/** What programs may do in one's name. */
export function OwnTokens() {
  return (
    <OwnPage title="Tokens" lead="For scripts and programs that act in your name.">
      <TokenList
        tokens={useQuery(tokensQuery)}
        create={(body) => ask(api.POST('/api/v1/tokens', { body }))}
        revoke={(id) => ask(api.DELETE('/api/v1/tokens/{id}', { params: { path: { id } } }))}
      />
    </OwnPage>
  );
}
