/** English, for the consoles: the screen and the serial port. */
import { formatNumber, plural } from './numbers.ts'

export const consoles = {
  serial: {
    title: 'Serial', label: (name: string) => `Serial console of ${name}`, phase: { connecting: 'connecting', open: '', off: 'off: this is its log' },
    search: 'Search', before: 'Match before', next: 'Next match', smaller: 'Smaller letters', larger: 'Larger letters', smallest: 'These are the smallest letters.', largest: 'These are the largest letters.', copyAll: 'Copy what is marked, or all',
    viewers: (amount: number) => `${amount} viewers, who all type on it`,
  },

  screen: {
    label: (name: string) => `Screen of ${name}`, which: 'Which console', modes: { screen: 'Screen', serial: 'Serial', both: 'Both' }, divider: 'Between screen and serial console',
    notNow: (name: string) => `${name} shows no screen now.`, holding: 'The guest has the keyboard. Ctrl Alt gives it back.', pixels: (width: number, height: number, how: string) => `${width} × ${height}, ${how}`,
    sizeIs: (how: string) => `Size of the picture: ${how}`, sizes: { fit: 'fits the view', exact: 'pixel for pixel', follow: 'follows the view' }, sizeNames: { fit: 'Fit', exact: '1:1', follow: 'Follow' }, sizeChoices: { fit: 'Fit the view', exact: 'Pixel for pixel', follow: 'Let the guest take the size of the view' },
    keys: 'Keys', ownKeys: 'Own, kept with this machine', otherKeys: 'Other keys…', otherKeysTitle: 'Press other keys', combination: 'Keys with + between them', sendKeys: 'Press them', badKeys: 'Write key names with + between them: ctrl+alt+f3.', paste: 'Paste', pasteMore: (layout: string) => `Types what is in the clipboard, as on a keyboard: ${layout}`, pasteTitle: 'Type into the guest', pasteHere: 'Paste here what is to be typed.', typeIt: 'Type it',
    notTyped: (amount: number) => `${plural(amount, 'character was', 'characters were')} left out`, notTypedMore: (layout: string) => `A keyboard of this kind does not have them: ${layout}. Keys, Keyboard of the guest, chooses another.`,
    layoutIs: (layout: string) => `Keyboard of the guest: ${layout}`, layouts: { us: 'English (US)', uk: 'English (UK)', de: 'German', fr: 'French', es: 'Spanish' },
    shareClipboard: 'Share the clipboard', clipboardShared: 'The clipboard is shared', clipboardSharedMore: 'A guest takes part with spice-vdagent in it. It gets what you copy while its screen has the keyboard.', clipboardTooLarge: 'What was copied in the guest is too much', clipboardTooLargeMore: 'Your clipboard is as it was. A file or a forwarded port carries more.', clipboardNotTaken: 'What was copied in the guest did not reach your clipboard', clipboardNotTakenMore: 'The browser did not let this page write to it.',
    picture: 'Screenshot', savePicture: 'Save screenshot', copyPicture: 'Copy screenshot', pictureCopied: 'The screenshot is in the clipboard', record: 'Record', stopRecording: 'Stop and save the recording', recording: 'Recording', saveFilm: 'Save recording', popOut: 'In a window of its own', fullScreen: 'Full screen', leaveWhole: 'Leave full screen',
    leaveBy: { hold: 'The guest gets every key. Hold Esc to leave full screen.', press: 'Esc leaves full screen.' }, holdingWhole: { hold: 'The guest has the keyboard, Alt Tab and Esc too. Ctrl Alt gives it back; hold Esc to leave full screen.', press: 'The guest has the keyboard. Ctrl Alt gives it back; Esc leaves full screen.' },
    filmFull: (size: string) => `The recording was ended at ${size}`, filmNotSaved: 'The recording is not saved', filmKept: 'It is kept until you save it or leave this page.', dropFilm: 'Discard',
    typing: (typed: number, all: number) => `Typing, ${formatNumber(typed)} of ${formatNumber(all)} characters. Esc stops.`, stopTyping: 'Stop', typeTakes: (amount: number, duration: string) => `${plural(amount, 'character', 'characters')}, about ${duration}. Esc stops.`, typeTooMuch: (most: number) => `More than ${formatNumber(most)} characters are not typed. A file or a forwarded port carries more.`,
    restNotTyped: (amount: number) => `${plural(amount, 'character was', 'characters were')} not typed`, showRest: 'Show the rest', startAgain: (name: string) => `Start ${name} again`,
    measure: 'Show pictures a second and delay', figures: (frames: number, delayMs: number | undefined) => `${plural(frames, 'picture', 'pictures')} a second${delayMs === undefined ? '' : `, ${delayMs} ms from key to picture`}`,
    none: 'This machine has no screen. Its serial console is all it shows.', connecting: 'Connecting to the screen',
  },
}
