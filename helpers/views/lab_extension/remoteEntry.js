// A prebuilt JupyterLab 4 extension, written by hand: it hands the bundle inside the itkwidgets package to the widget manager.
// The bundle is an AMD module for ipywidgets 7 and older; JupyterLab 4 asks for a module-federation container, which this file is.
(function () {
  "use strict";
  const NAME = "helpers-itkwidgets", VERSION = "0.32.6";
  const here = ((document.currentScript && document.currentScript.src) || "").replace(/[^/]*$/, "");
  let shared = null, bundle = null;

  const newest = (versions) => Object.keys(versions).sort((a, b) => b.localeCompare(a, undefined, { numeric: true }))[0];

  async function fromLab(name) {
    const versions = shared[name];
    if (!versions) throw new Error(`${NAME}: JupyterLab does not share ${name}`);
    return (await versions[newest(versions)].get())();
  }

  // The bundle makes its classes with Backbone's Parent.extend({...}); widgets are ES6 classes today.
  function extendable(Parent) {
    const Class = class extends Parent {};
    Class.extend = function (members, statics) {
      const Child = extendable(this);
      Object.assign(Child.prototype, members || {});
      Object.assign(Child, statics || {});
      Child.__super__ = this.prototype;
      return Child;
    };
    return Class;
  }

  async function evaluated() {
    const base = await fromLab("@jupyter-widgets/base");
    const widgets = { ...base, DOMWidgetModel: extendable(base.DOMWidgetModel), DOMWidgetView: extendable(base.DOMWidgetView) };
    let text = await (await fetch(here + "index.js")).text();
    text = text.replace('n.p=""', "n.p=" + JSON.stringify(here));  // where its workers lie
    text = text.replace("setComponentVisibilities=function(e){e.forEach", "setComponentVisibilities=function(e){(e||[]).forEach");  // no channels
    let exported = null;
    const define = (names, factory) => {
      const unknown = names.find((name) => name !== "@jupyter-widgets/base");
      if (unknown) throw new Error(`${NAME}: the bundle asks for ${unknown}`);
      exported = factory(...names.map(() => widgets));
    };
    define.amd = {};
    new Function("define", text)(define);
    return exported;
  }

  const container = {
    init: async (scope) => { shared = scope; },
    get: async (what) => {
      if (what !== "./extension") throw new Error(`${NAME}: there is no ${what}`);
      const base = await fromLab("@jupyter-widgets/base");
      const plugin = {
        id: NAME + ":plugin", autoStart: true, requires: [base.IJupyterWidgetRegistry],
        activate: (app, registry) => registry.registerWidget({ name: "itkwidgets", version: VERSION, exports: () => (bundle = bundle || evaluated()) }),
      };
      return () => ({ __esModule: true, default: plugin });
    },
  };
  (window._JUPYTERLAB = window._JUPYTERLAB || {})[NAME] = container;
})();
