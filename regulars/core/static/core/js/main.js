// Every page works without this. It adds keys, the palette, undo that goes away by itself, and a theme without a reload.
import "./keys.js";
import "./palette.js";
import "./filters.js";
import "./peek.js";
import "./list.js";
import "./toast.js";
import "./theme.js";
import "./dialog.js";
import "./drop.js";
import "./hscroll.js";
import "./form.js";
import "./passkey.js";
import "./compare.js";
import "./notes.js";
import "./picker.js";
import "./groups.js";
import "./inbox.js";
