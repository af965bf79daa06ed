import { useMediaQuery } from '@mantine/hooks';

/** Whether the page is as narrow as a phone, where tables become lists of cards. */
export const usePhone = () =>
  useMediaQuery('(max-width: 48em)', undefined, { getInitialValueInEffect: false }) ?? false;
