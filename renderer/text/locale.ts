/** BCP 47, for dates, numbers and plurals. The words are English, so all of these are written as English is. */
export const locale = 'en-GB'
