// Shortcuts: space start or pause, full stop one update, Escape leaves the presentation. Not while somebody types.

const TYPING = 'input, textarea, select, [contenteditable="true"], [role="textbox"], [role="combobox"], [role="slider"], [role="listbox"], [role="dialog"]';
const OURS = ".sp-live button, .stButton button";
const PRESSING = 'button, a[href], summary, [role="button"], [role="tab"], [role="radio"], [role="checkbox"], [role="switch"]';

// Returns a function that ends the listening.
export function listen({ startOrPause, oneUpdate, leave }) {
  const onKey = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest(TYPING)) return;
    if (event.key === " " && startOrPause && !target.closest(PRESSING)) {
      if (!event.repeat) startOrPause();
    } else if (event.key === "." && oneUpdate) oneUpdate();
    else if (event.key === "Escape" && leave) leave();
    else return;
    event.preventDefault();
  };
  // A button that was pressed with the mouse gives the keyboard back, so that the space bar starts and pauses.
  const onClick = (event) => {
    const button = event.detail > 0 && event.target instanceof Element ? event.target.closest(OURS) : null;
    button?.blur();
  };
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  return () => {
    document.removeEventListener("keydown", onKey);
    document.removeEventListener("click", onClick);
  };
}
