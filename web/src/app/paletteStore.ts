import { createSpotlight } from '@mantine/spotlight';

/** Whether the palette is open, for its own parts; the others say so with `openOver`. */
export const paletteStore = createSpotlight();
