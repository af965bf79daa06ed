import { Button, MultiSelect, Select, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey, IconPlus, IconTrash } from '@tabler/icons-react';
import { type UseQueryResult, useQueryClient } from '@tanstack/react-query';
import type { CreatedToken, NewToken, TokenInfo } from '~/api/schema';
import { ShownOnce } from '~/parts/Copyable';
import { Empty } from '~/parts/Empty';
import { FormModal } from '~/parts/FormModal';
import { Loaded } from '~/parts/Loaded';
import { RowMenu } from '~/parts/RowMenu';
import { Row, Rows } from '~/parts/Rows';
import { When } from '~/parts/When';
import { SCOPES } from './scopes';

const ENDS = [
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: '', label: 'Never' },
];

/** Tokens of a person or of a program: made, shown once, and taken away. */
export function TokenList({
  tokens,
  create,
  revoke,
}: {
  tokens: UseQueryResult<TokenInfo[]>;
  create: (token: NewToken) => Promise<CreatedToken>;
  revoke: (id: string) => Promise<unknown>;
}) {
  const client = useQueryClient();
  const [making, dialog] = useDisclosure();
  const button = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={dialog.open} style={{ alignSelf: 'flex-start' }}>
      New token
    </Button>
  );
  return (
    <>
      <Loaded query={tokens}>
        {(items) =>
          items.length === 0 ? (
            <Empty icon={IconKey} title="No tokens" actions={button}>
              A token lets a script or another program use Trackside without a password, and only for what you allow.
            </Empty>
          ) : (
            <>
              {button}
              <Rows label="Tokens">
                {items.map((token) => (
                  <Row
                    key={token.id}
                    title={token.name}
                    about={<About token={token} />}
                    actions={
                      <RowMenu
                        label={`More for ${token.name}`}
                        acts={[
                          {
                            label: 'Delete',
                            icon: IconTrash,
                            run: async () => {
                              await revoke(token.id);
                              await client.invalidateQueries({ queryKey: ['tokens'] });
                            },
                            ask: {
                              title: `Delete ${token.name}?`,
                              text: 'Whatever uses it is refused from now on.',
                              action: 'Delete the token',
                            },
                          },
                        ]}
                      />
                    }
                  />
                ))}
              </Rows>
            </>
          )
        }
      </Loaded>
      <FormModal
        opened={making}
        close={dialog.close}
        title="New token"
        initial={{ name: '', scopes: [] as string[], ends: '90' }}
        action="Make the token"
        touches="tokens"
        run={({ name, scopes, ends }) =>
          create({
            name,
            scopes: scopes.length ? scopes : undefined,
            expires_at: ends ? new Date(Date.now() + Number(ends) * 86_400_000).toISOString() : undefined,
          })
        }
        after={({ token }) => <ShownOnce value={token} label="Token" />}
      >
        {(form) => (
          <>
            <TextInput
              label="What is it for?"
              placeholder="Nightly report"
              required
              maxLength={200}
              data-autofocus
              {...form.getInputProps('name')}
            />
            <MultiSelect
              label="What it may do"
              description="Everything its owner may, when nothing is chosen."
              searchable
              clearable
              clearButtonProps={{ 'aria-label': 'Choose nothing' }}
              data={SCOPES}
              {...form.getInputProps('scopes')}
            />
            <Select
              label="It stops working"
              allowDeselect={false}
              data={ENDS}
              {...form.getInputProps('ends')}
              error={form.errors.expires_at ?? form.errors.ends}
            />
          </>
        )}
      </FormModal>
    </>
  );
}

function About({ token }: { token: TokenInfo }) {
  return (
    <>
      {token.scopes?.length ? token.scopes.join(', ') : 'everything its owner may'}
      {' · '}
      {token.last_used_at ? (
        <>
          last used <When at={token.last_used_at} />
        </>
      ) : (
        'never used'
      )}
      {' · '}
      {token.expires_at ? (
        <>
          ends <When at={token.expires_at} />
        </>
      ) : (
        'does not end'
      )}
    </>
  );
}
