import { Drawer } from '@mantine/core';
import { usePhone } from '~/parts/usePhone';
import { TaskView } from './view/TaskView';

/** A task over the page that one is on. */
export default function TaskDrawer({ id, close }: { id: string; close: () => void }) {
  const phone = usePhone();
  return (
    <Drawer.Root
      opened
      onClose={close}
      position="right"
      size={phone ? '100%' : 860}
      closeOnEscape
      aria-label={`Task ${id}`}
    >
      <Drawer.Overlay backgroundOpacity={0.25} />
      <Drawer.Content radius={0} aria-label={`Task ${id}`} style={{ outline: 'none' }}>
        <Drawer.Body p={phone ? 'sm' : 'lg'}>
          <TaskView id={id} close={close} gone={close} />
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}
