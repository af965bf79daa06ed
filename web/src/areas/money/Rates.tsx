import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconCoins, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMay } from '~/areas/account/queries';
import { AdminPage } from '~/areas/admin/AdminPage';
import { Empty } from '~/parts/Empty';
import { Loaded } from '~/parts/Loaded';
import { ratesQuery } from './queries';
import { RateForm } from './RateForm';
import { RateRows } from './RateRows';

/** What an hour of work costs, everywhere. */
export function Rates() {
  const rates = useQuery(ratesQuery());
  const mayEdit = useMay('budget.edit');
  const [making, dialog] = useDisclosure();
  const button = mayEdit && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={dialog.open}>
      New rate
    </Button>
  );
  return (
    <AdminPage
      title="Rates"
      lead="What an hour of work costs. The nearest one counts: a person’s in a project, then the project’s, then the person’s, then everybody’s."
      actions={!!rates.data?.length && button}
    >
      <Loaded query={rates}>
        {(items) =>
          items.length === 0 ? (
            <Empty icon={IconCoins} title="No hour costs anything yet" actions={button}>
              With one rate for everybody, the time that people log becomes part of what projects cost.
            </Empty>
          ) : (
            <RateRows rates={items} mayEdit={mayEdit} />
          )
        }
      </Loaded>
      <RateForm opened={making} close={dialog.close} />
    </AdminPage>
  );
}
