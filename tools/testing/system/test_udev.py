"""empty"""
