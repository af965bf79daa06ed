/** Which build this is. */
declare const __BUILD__: string;
