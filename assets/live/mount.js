// What Streamlit calls on every change of data or theme, on the same element: a view is made once and then only brought
// up to date, unless it must be made anew for another language, mode or server.

// The view hangs on its element, where the modules of a newer version find what those of an older one have made.
const VIEW = Symbol.for("saddlepoint view");

export function mounting(View) {
  return function mount({ data, parentElement, setTriggerValue }) {
    const look = JSON.stringify([data.lang, data.settings.present, data.token, data.version]);
    let view = parentElement[VIEW];
    if (view && view.look !== look) {
      view.destroy();
      view = null;
    }
    if (!view) {
      view = new View(parentElement, data, look);
      parentElement[VIEW] = view;
    }
    view.trigger = setTriggerValue;
    view.update(data);
    // Streamlit runs the cleanup of a superseded call at once; only a node that has left the page is really given up.
    return () => {
      setTimeout(() => {
        if (parentElement.isConnected || parentElement[VIEW] !== view) return;
        view.destroy();
        delete parentElement[VIEW];
      }, 0);
    };
  };
}
