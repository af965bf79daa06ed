//! The rule language of Trackside: model, sandboxed expressions, templates, matcher, checks. Pure: no IO, no clock.
