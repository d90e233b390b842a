/** What the component library draws with: the design's tokens, so that its parts and ours look the same. */
import { createTheme, Menu, Modal, Popover, Portal, rem, SegmentedControl, Switch, Tooltip } from '@mantine/core'
import type { CSSVariablesResolver } from '@mantine/core'

const variables = {
  '--mantine-color-body': 'var(--mf-surface)',
  '--mantine-color-text': 'var(--mf-text)',
  '--mantine-color-dimmed': 'var(--mf-text-3)',
  '--mantine-color-placeholder': 'var(--mf-text-3)',
  '--mantine-color-default': 'var(--mf-surface)',
  '--mantine-color-default-hover': 'var(--mf-hover)',
  '--mantine-color-default-border': 'var(--mf-line-strong)',
  '--mantine-color-error': 'var(--mf-crashed)',
  '--mantine-color-anchor': 'var(--mf-accent)',
}

export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: variables, dark: variables })

export const theme = createTheme({
  primaryColor: 'lagoon',
  primaryShade: { light: 7, dark: 6 },
  defaultRadius: 'sm',
  cursorType: 'default',
  focusRing: 'auto',
  respectReducedMotion: true,
  fontFamily: 'var(--mf-font)',
  fontFamilyMonospace: 'var(--mf-mono)',
  colors: {
    lagoon: ['#e8f6f9', '#d2ecf2', '#a8dae5', '#7ac7d7', '#4fbdd3', '#2496ae', '#127a93', '#0d7189', '#0a6177', '#083b49'],
    gray: ['#f8f9f9', '#f3f5f5', '#e9eded', '#e2e6e7', '#cbd2d4', '#a3adb1', '#7f8b90', '#5f6a6f', '#485256', '#15191b'],
    dark: ['#e7ebec', '#abb5b9', '#929da2', '#6f7b80', '#3a4246', '#2a3135', '#20262a', '#181c1e', '#14181a', '#121517'],
  },
  fontSizes: { xs: rem(11), sm: rem(12), md: rem(13), lg: rem(15), xl: rem(20) },
  lineHeights: { xs: '1.45', sm: '1.4', md: '1.54', lg: '1.34', xl: '1.3' },
  spacing: { xs: rem(4), sm: rem(8), md: rem(12), lg: rem(16), xl: rem(24) },
  radius: { xs: rem(3), sm: rem(5), md: rem(8), lg: rem(12), xl: rem(16) },
  breakpoints: { xs: '40em', sm: '56.25em', md: '65em', lg: '77.5em', xl: '100em' },
  components: {
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 400, withArrow: false, transitionProps: { duration: 90 } } }),
    // Screen readers know no place for focus in a menu but its items.
    Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false, radius: 'md', position: 'bottom-end', transitionProps: { duration: 90, transition: 'fade' }, withinPortal: true } }),
    // A landmark of its own (index.html): whatever lies over the page is found there.
    Portal: Portal.extend({ defaultProps: { target: '#overlays' } }),
    Popover: Popover.extend({ defaultProps: { radius: 'md', transitionProps: { duration: 90, transition: 'fade' } } }),
    // The window itself never scrolls, so nothing has to be locked; and a dialog's header is not the window's.
    Modal: Modal.extend({ defaultProps: { attributes: { header: { role: 'presentation' } }, radius: 'lg', centered: true, lockScroll: false, padding: 'lg', transitionProps: { duration: 90, transition: 'fade' }, overlayProps: { backgroundOpacity: 1, color: 'var(--mf-scrim)' } } }),
    SegmentedControl: SegmentedControl.extend({ defaultProps: { size: 'xs', transitionDuration: 0 } }),
    Switch: Switch.extend({ defaultProps: { size: 'sm', withThumbIndicator: false } }),
  },
})
