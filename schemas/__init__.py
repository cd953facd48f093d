"""Wire formats, pure: edXML, signatures, frames, code lists."""
