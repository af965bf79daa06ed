import { ActionIcon, Tooltip } from '@mantine/core';
import { IconMapPin } from '@tabler/icons-react';
import { useState } from 'react';
import { complain } from '~/parts/toast';

/** Puts where one is into a comment. Nothing looks for it before this is pressed, and nothing is sent by it. */
export function CheckIn({ onText }: { onText: (text: string) => void }) {
  const [looking, setLooking] = useState(false);
  if (!navigator.geolocation) return null;
  const look = () => {
    setLooking(true);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setLooking(false);
        const [lat, lon] = [coords.latitude.toFixed(5), coords.longitude.toFixed(5)];
        const map = `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lon}#map=17/${lat}/${lon}`;
        onText(`Checked in at [${lat}, ${lon}](${map}) (± ${Math.round(coords.accuracy)} m)`);
      },
      ({ code }) => {
        setLooking(false);
        const denied = code === GeolocationPositionError.PERMISSION_DENIED;
        complain(
          denied
            ? 'Allow this page to know where you are in the settings of your browser.'
            : 'Your device does not know where it is at the moment.',
          'No check-in',
        );
      },
      { enableHighAccuracy: true, timeout: 20_000 },
    );
  };
  return (
    <Tooltip label="Check in: add where you are">
      <ActionIcon variant="subtle" color="gray" aria-label="Check in" loading={looking} onClick={look}>
        <IconMapPin size={18} />
      </ActionIcon>
    </Tooltip>
  );
}
