import { Alert, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Loaded } from '~/parts/Loaded';
import { Panel } from '~/parts/Panel';
import { When } from '~/parts/When';
import { useSavePreferences } from './choices';
import { KindTable } from './KindTable';
import { OwnPage } from './OwnPage';
import { Push } from './Push';
import { preferencesQuery } from './queries';
import { Times } from './Times';

/** How one wants to be told of things: by which channel, and when. Every change is saved at once. */
export function Preferences() {
  const said = useQuery(preferencesQuery);
  const { change, saving, saved } = useSavePreferences();
  return (
    <OwnPage title="Notifications" lead="How you want to be told of things. Every change is saved at once.">
      <Text size="sm" c="dimmed" role="status" mih={20} aria-live="polite">
        {saving ? 'Saving…' : saved ? 'Saved' : ''}
      </Text>
      <Loaded query={said} height={420}>
        {(data) => (
          <>
            {data.email_refused && (
              <Alert
                color="orange"
                title="Your address takes no letters"
                styles={{ title: { color: 'var(--mantine-color-text)' } }}
              >
                <Text size="sm">
                  A mail server refused it <When at={data.email_refused.refused_at} />: {data.email_refused.reason}.
                  Correct your address in your profile, or change something here to try again.
                </Text>
              </Alert>
            )}
            <Panel title="What and how">
              <KindTable said={data} change={change} />
            </Panel>
            <Times said={data} change={change} />
            <Push />
          </>
        )}
      </Loaded>
    </OwnPage>
  );
}
