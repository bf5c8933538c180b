"""Files of people read as data: everything that is not one of the few plain forms is refused with a sentence."""
